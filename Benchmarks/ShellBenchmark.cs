using System.Diagnostics;
using System.Globalization;
using ClusterSim;
using ClusterSim.Json;

namespace Benchmarks;

/// <summary>How fast the simulated shell is: arithmetic, short commands and a pipe, each as a pod of its own; the median of several rounds in turn.</summary>
internal static class ShellBenchmark
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private static readonly (string Name, string Program)[] Programs =
    [
        ("nothing", "true"),
        ("100,000 steps of arithmetic", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"),
        ("2,000 short commands", "i=0; while [ $i -lt 500 ]; do date > /dev/null; basename /a/b > /dev/null; x=$(echo a | cat); i=$((i+1)); done"),
        ("50 MB through a pipe", "head -c 50000000 /dev/zero | cat | wc -c"),
    ];

    public static async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        var rounds = args.Count > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 7;
        await using var cluster = await SimulatedCluster.StartAsync();
        var times = Programs.Select(_ => new List<double>()).ToList();
        for (var round = 0; round <= rounds; round++)
            for (var i = 0; i < Programs.Length; i++)
            {
                var took = await MeasureAsync(cluster, string.Create(CultureInfo.InvariantCulture, $"shell-{round}-{i}"), Programs[i].Program);
                if (round > 0) // the first one compiles
                    times[i].Add(took.TotalMilliseconds);
            }
        for (var i = 0; i < Programs.Length; i++)
        {
            times[i].Sort();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Programs[i].Name}: {times[i][times[i].Count / 2]:0} ms ({times[i][0]:0} to {times[i][^1]:0})"));
        }
        return 0;
    }

    private static async Task<TimeSpan> MeasureAsync(SimulatedCluster cluster, string name, string program)
    {
        var began = Stopwatch.StartNew();
        cluster.ApplyYaml($$"""
            apiVersion: v1
            kind: Pod
            metadata: { name: {{name}}, namespace: default }
            spec:
              restartPolicy: Never
              containers: [{ name: main, image: "busybox:1.36", command: [sh, -c, '{{program}}'] }]
            """);
        await cluster.UntilAsync(() => cluster.List("pods", "default").Any(pod => pod.At("metadata", "name").Text() == name && pod.At("status", "phase").Text() == "Succeeded"), Limit);
        return began.Elapsed;
    }
}
