using Harness.Kube;
using Harness.Running;

namespace Tests.Cluster.Clusters;

/// <summary>
/// Which cluster a fixture runs on: <c>CLUSTER=sim</c> (the default: a simulated cluster of its own in this process, once directly and once
/// through its HTTPS API and kubeconfig) or <c>CLUSTER=current</c> (what KUBECONFIG names; what is deployed there is tested as it is).
/// </summary>
public sealed class ClusterUnderTest
{
    private readonly string _name;
    private readonly Func<Task<ICluster>> _start;

    private ClusterUnderTest(string name, Func<Task<ICluster>> start)
    {
        _name = name;
        _start = start;
    }

    /// <summary>The clusters to test.</summary>
    public static IEnumerable<ClusterUnderTest> All => (Environment.GetEnvironmentVariable("CLUSTER") ?? "sim") switch
    {
        "sim" =>
        [
            new("simulated", async () => await SimulatedClusterUnderTest.StartAsync()),
            new("simulated over its API", async () => await SimulatedClusterUnderTest.StartOverApiAsync()),
        ],
        "current" => [new("current", () => Task.FromResult<ICluster>(Current()))],
        var other => throw new InvalidOperationException($"CLUSTER={other} is not known: sim or current"),
    };

    /// <summary>One of them, for tests that ask a cluster tens of thousands of questions.</summary>
    public static IEnumerable<ClusterUnderTest> One => All.Take(1);

    /// <summary>Starts it, or connects to it.</summary>
    public Task<ICluster> StartAsync() => _start();

    /// <inheritdoc/>
    public override string ToString() => _name;

    private static KubeconfigCluster Current()
    {
        var path = Environment.GetEnvironmentVariable("KUBECONFIG") ?? throw new InvalidOperationException("CLUSTER=current needs KUBECONFIG");
        var published = Environment.GetEnvironmentVariable("INVOICE_APP_URL")
            ?? HarnessFolder.Find(new Dictionary<string, string>(StringComparer.Ordinal), TestContext.CurrentContext.TestDirectory).FindRunning()?.Ingress
            ?? throw new InvalidOperationException("INVOICE_APP_URL must say where the cluster publishes invoice-app");
        return new KubeconfigCluster(Kubeconfig.Load(path), new Uri(published));
    }
}
