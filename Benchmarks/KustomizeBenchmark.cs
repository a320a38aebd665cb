using System.Diagnostics;
using System.Globalization;
using System.Text;
using ClusterSim.Manifests;

namespace Benchmarks;

/// <summary>How long kustomizations take to render: here (the first time in the process, and the median after), and by <c>kubectl kustomize</c>.</summary>
internal static class KustomizeBenchmark
{
    private const int Rounds = 11;
    private const int LargeObjects = 1_000;

    public static async Task<int> RunAsync(IReadOnlyList<string> folders)
    {
        var large = Directory.CreateTempSubdirectory("kustomize-");
        try
        {
            WriteLarge(large.FullName);
            Console.WriteLine($"{"kustomization",-50} {"objects",8} {"first",9} {"median",9} {"kubectl",9}");
            foreach (var folder in folders.Count > 0 ? folders : ["k8s/overlays/sim", "k8s/overlays/production", large.FullName])
            {
                var (objects, first) = Measure(folder);
                var median = Median(Enumerable.Range(0, Rounds).Select(_ => Measure(folder).Milliseconds));
                var kubectl = new List<double>();
                for (var i = 0; i < Rounds && await KubectlAsync(folder) is { } took; i++)
                    kubectl.Add(took);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{folder,-50} {objects,8} {first,6:0} ms {median,6:0.0} ms {(kubectl.Count == 0 ? "-" : Median(kubectl).ToString("0", CultureInfo.InvariantCulture)),6} ms"));
            }
            return 0;
        }
        finally
        {
            large.Delete(recursive: true);
        }
    }

    private static (int Objects, double Milliseconds) Measure(string folder)
    {
        var began = Stopwatch.GetTimestamp();
        var manifests = Kustomization.Build(folder);
        return (manifests.Count, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
    }

    private static async Task<double?> KubectlAsync(string folder)
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            using var process = Process.Start(new ProcessStartInfo("kubectl") { UseShellExecute = false, ArgumentList = { "kustomize", folder }, RedirectStandardOutput = true })!;
            await process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    // Deployments that refer to a generated ConfigMap, with a prefix, labels and a patch: every reference is fixed.
    private static void WriteLarge(string folder)
    {
        var text = new StringBuilder();
        for (var i = 0; i < LargeObjects; i++)
            text.Append(CultureInfo.InvariantCulture, $$$"""
                apiVersion: apps/v1
                kind: Deployment
                metadata: {name: d{{{i}}} }
                spec:
                  selector: {matchLabels: {app: d{{{i}}} }}
                  template:
                    metadata: {labels: {app: d{{{i}}} }}
                    spec: {containers: [{name: a, image: "shop:1", envFrom: [{configMapRef: {name: settings}}]}]}
                ---

                """);
        File.WriteAllText(Path.Combine(folder, "deployments.yaml"), text.ToString());
        File.WriteAllText(Path.Combine(folder, "kustomization.yaml"), """
            resources: [deployments.yaml]
            namePrefix: p-
            namespace: shop
            labels: [{pairs: {team: red}, includeSelectors: true}]
            images: [{name: shop, newTag: "2"}]
            configMapGenerator: [{name: settings, literals: [a=b]}]
            patches:
            - target: {kind: Deployment}
              patch: "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {template: {spec: {containers: [{name: a, env: [{name: B, value: c}]}]}}}}"
            """);
    }

    private static double Median(IEnumerable<double> values) => values.Order().ToList() is var sorted ? sorted[sorted.Count / 2] : 0;
}
