using Benchmarks;

// One subcommand a benchmark; what it does not know it says.
return args switch
{
    ["scale", .. var rest] => await ScaleBenchmark.RunAsync(rest),
    ["reach-manifests", var folder, var pods] => ReachManifestsGenerator.Write(folder, int.Parse(pods, System.Globalization.CultureInfo.InvariantCulture)),
    ["api", .. var rest] => await ApiBenchmark.RunAsync(rest),
    ["api-compare", .. var builds] => await ApiBenchmark.CompareAsync(builds),
    ["pay", .. var rest] => await PayBenchmark.RunAsync(rest),
    ["shell", .. var rest] => await ShellBenchmark.RunAsync(rest),
    ["start"] => await StartBenchmark.RunAsync(),
    ["kustomize", .. var folders] => await KustomizeBenchmark.RunAsync(folders),
    ["stream", .. var rest] => await StreamBenchmark.RunAsync(rest),
    ["wire", .. var rest] => await WireBenchmark.RunAsync(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine(
        "usage: Benchmarks scale [nodes [pods]] | api [harness.dll [requests [connections [rounds]]]] | api-compare harness.dll…"
        + " | pay [invoices [both|processes|cluster]] | shell [rounds] | start | kustomize [FOLDER…] | stream [invoices] | wire [requests] | reach-manifests FOLDER PODS");
    return 2;
}
