using ClusterSim.Access;
using Harness.Kube;
using Harness.Running;
using Tests.Cluster.Clusters.K3s;

namespace Tests.Cluster.Clusters;

/// <summary>
/// Which clusters a fixture runs on. <c>CLUSTER=sim</c>: a simulated cluster of its own, in this process, through its HTTPS API with our own
/// client, and through it with kubectl. <c>CLUSTER=k3s</c>: K3s in a container. <c>CLUSTER=current</c>: what KUBECONFIG names, with what is deployed there as
/// it is. Without CLUSTER the simulated ones run, and K3s is named as skipped. What cannot run here is skipped and says why.
/// </summary>
public sealed class ClusterUnderTest
{
    /// <summary>The category of what asks the cluster under test and nothing else: with CLUSTER=current, what test.sh runs.</summary>
    public const string Deployed = "Deployed";

    private readonly string _name;
    private readonly Func<Task<string?>> _missing;
    private readonly Func<Task<ICluster>> _start;
    private readonly SharedEnforcementCheck? _enforcement;

    private ClusterUnderTest(string name, Func<Task<string?>> missing, Func<Task<ICluster>> start, SharedEnforcementCheck? enforcement = null) =>
        (_name, _missing, _start, _enforcement) = (name, missing, start, enforcement);

    /// <summary>The clusters to test.</summary>
    public static IEnumerable<ClusterUnderTest> All => Chosen(Environment.GetEnvironmentVariable("CLUSTER"));

    /// <summary>One of them, for tests that ask a cluster tens of thousands of questions.</summary>
    public static IEnumerable<ClusterUnderTest> One => All.Take(1);

    /// <summary>Starts it, or connects to it; ignores the fixture where it cannot be had here.</summary>
    public async Task<ICluster> StartAsync()
    {
        if (await _missing() is { } reason)
            Assert.Ignore($"{_name} is not tested here: {reason}");
        return await _start();
    }

    /// <summary>Fails, with what to do about it, where the cluster's network does not enforce policies. A cluster that fixtures share is checked once.</summary>
    public Task AwaitEnforcementAsync(ICluster cluster) => _enforcement is null ? PolicyEnforcement.AwaitAsync(cluster) : _enforcement.AwaitAsync(cluster);

    /// <summary>
    /// Checks a shared cluster before anything else, and skips the tests where its network enforces no policies: the failed check says what to
    /// do, and whatever else they found would say less. A cluster of the fixture's own is what the tests know.
    /// </summary>
    public async Task SkipUnlessEnforcedAsync(ICluster cluster)
    {
        try
        {
            await (_enforcement?.AwaitAsync(cluster) ?? Task.CompletedTask);
        }
        catch (AssertionException ex)
        {
            Assert.Ignore($"not tested, as the check of policies failed: {ex.Message}");
        }
    }

    /// <inheritdoc/>
    public override string ToString() => _name;

    /// <summary>The clusters that a value of CLUSTER stands for.</summary>
    internal static IEnumerable<ClusterUnderTest> Chosen(string? cluster) => cluster switch
    {
        null or "" => [.. Simulated, new("K3s", NotAskedForAsync, K3sCluster.StartAsync)],
        "sim" => Simulated,
        "k3s" => [new("K3s", K3sCluster.MissingAsync, K3sCluster.StartAsync)],
        "current" =>
        [
            new("current", Nothing, () => Task.FromResult<ICluster>(Current(path => new ClientAccess(KubeconfigFile.Read(path)))), DeployedCheck),
            new("current through kubectl", KubectlMissing, () => Task.FromResult<ICluster>(Current(path => new KubectlAccess(path))), DeployedCheck),
        ],
        var other => throw new InvalidOperationException($"CLUSTER={other} is not known: sim, k3s or current"),
    };

    private static SharedEnforcementCheck DeployedCheck { get; } = new();

    private static IReadOnlyList<ClusterUnderTest> Simulated =>
    [
        new("simulated", Nothing, async () => await SimulatedClusterUnderTest.StartAsync()),
        new("simulated over its API", Nothing, async () => await SimulatedClusterUnderTest.StartOverApiAsync()),
        new("simulated through kubectl", KubectlMissing, async () => await SimulatedClusterUnderTest.StartThroughKubectlAsync()),
    ];

    // Minutes, and images from a registry: never by the way.
    private static async Task<string?> NotAskedForAsync() =>
        "it is asked for with CLUSTER=k3s (docs/local-clusters.md)" + (await K3sCluster.MissingAsync() is { } missing ? $", and cannot be had here: {missing}" : "");

    private static Task<string?> Nothing() => Task.FromResult<string?>(null);

    private static Task<string?> KubectlMissing() => Task.FromResult(KubectlAccess.IsInstalled ? null : "kubectl is not installed");

    private static KubeconfigCluster Current(Func<string, IApiAccess> access)
    {
        var path = Environment.GetEnvironmentVariable("KUBECONFIG") ?? throw new InvalidOperationException("CLUSTER=current needs KUBECONFIG");
        var published = Environment.GetEnvironmentVariable("INVOICE_APP_URL") is { Length: > 0 } given
            ? given
            : HarnessFolder.Find(new Dictionary<string, string>(StringComparer.Ordinal), TestContext.CurrentContext.TestDirectory).FindRunning()?.Ingress
                ?? throw new InvalidOperationException("INVOICE_APP_URL must say where the cluster publishes invoice-app");
        var config = KubeconfigFile.Read(path);
        return new KubeconfigCluster(access(path), new Uri(published), $"the cluster of context {config.Context} at {config.Server}");
    }
}
