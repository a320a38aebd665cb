using Benchmarks;

// One subcommand a benchmark; what it does not know it says.
return args switch
{
    ["scale", .. var rest] => await ScaleBenchmark.RunAsync(rest),
    ["pay", .. var rest] => await PayBenchmark.RunAsync(rest),
    ["stream", .. var rest] => await StreamBenchmark.RunAsync(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: Benchmarks scale [nodes [pods]] | pay [invoices [both|processes|cluster]] | stream [invoices]");
    return 2;
}
