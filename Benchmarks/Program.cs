using Benchmarks;

// One subcommand a benchmark; what it does not know it says.
return args switch
{
    ["scale", .. var rest] => await ScaleBenchmark.RunAsync(rest),
    ["api", .. var rest] => await ApiBenchmark.RunAsync(rest),
    ["api-compare", .. var builds] => await ApiBenchmark.CompareAsync(builds),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("usage: Benchmarks scale [nodes [pods]] | api [harness.dll [requests [connections [rounds]]]] | api-compare harness.dll…");
    return 2;
}
