using System.Diagnostics;
using System.Globalization;
using ClusterSim;

namespace Benchmarks;

/// <summary>How many requests a second one pod answers over the simulated network: 16 clients, over connections that are kept.</summary>
internal static class WireBenchmark
{
    private const int Clients = 16;
    private const int RequestsPerSecondMin = 3000;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    /// <summary>Prints the rate; 1 where it is below a floor that is far below what a quiet machine gives.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        var requests = args.Count > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 80_000;
        await using var cluster = await SimulatedCluster.StartAsync();
        cluster.ApplyYaml("""
            apiVersion: v1
            kind: Pod
            metadata: { name: web, namespace: default }
            spec: { containers: [ { name: web, image: "nginx:1.27", ports: [ { containerPort: 80 } ] } ] }
            """);
        await cluster.ReadyAsync(Limit);
        using var client = cluster.CreatePodClient("default", "web", 80);
        await AskAsync(2000);
        var began = Stopwatch.GetTimestamp();

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(() => AskAsync(requests / Clients))));

        var perSecond = requests / Stopwatch.GetElapsedTime(began).TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{perSecond:0} requests a second; at least {RequestsPerSecondMin} are expected"));
        return perSecond < RequestsPerSecondMin ? 1 : 0;

        async Task AskAsync(int count)
        {
            for (var number = 0; number < count; number++)
                await client.GetByteArrayAsync(new Uri("/", UriKind.Relative));
        }
    }
}
