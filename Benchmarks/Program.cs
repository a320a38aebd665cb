using Benchmarks;

// One subcommand a benchmark; what it does not know it says.
return args switch
{
    ["scale", .. var rest] => await ScaleBenchmark.RunAsync(rest),
    ["reach-manifests", var folder, var pods] => ReachManifestsGenerator.Write(folder, int.Parse(pods, System.Globalization.CultureInfo.InvariantCulture)),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: Benchmarks scale [nodes [pods]] | reach-manifests FOLDER PODS");
    return 2;
}
