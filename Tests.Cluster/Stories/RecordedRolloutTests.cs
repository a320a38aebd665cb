using System.Text.Json;
using ClusterSim;
using ClusterSim.Json;
using ClusterSim.Nodes;

namespace Tests.Cluster.Stories;

/// <summary>
/// The 19 stories of controllers that were recorded on a real node, told again by kubectl on a simulated cluster, one after the other as they
/// were: what kubectl says, the events, and what <c>kubectl get</c> shows in the end. Skipped where there is no kubectl.
/// </summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[NonParallelizable]
public sealed class RecordedRolloutTests
{
    private const string Namespace = "fid-roll";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(25);

    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private SimulatedCluster _cluster = null!;
    private Kubectl _kubectl = null!;
    private string _kubeconfig = null!;

    private static JsonElement Recorded { get; } = JsonElement.Parse(File.ReadAllBytes(Path.Combine(
        TestContext.CurrentContext.TestDirectory, "Stories", "recorded-rollouts.json")));

    [OneTimeSetUp]
    public async Task Start()
    {
        if (!Kubectl.IsInstalled)
            Assert.Ignore("kubectl is not installed: its stories are not told");
        _cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Nodes = [new NodeOptions { Name = "node-1" }], MetricsServer = false });
        BoxImage.AddTo(_cluster.Images);
        _cluster.Delete("storageclasses", null, "standard"); // the recorded cluster had none
        _kubeconfig = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        _cluster.WriteKubeconfig(_kubeconfig);
        _kubectl = new Kubectl(_kubeconfig, Namespace);
        _cluster.ApplyYaml($"{{ apiVersion: v1, kind: Namespace, metadata: {{ name: {Namespace} }} }}");
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_cluster is null)
            return;
        await _cluster.DisposeAsync();
        File.Delete(_kubeconfig);
    }

    [Test, Order(1)]
    public Task Deployment_created() => TellAsync("deployment created", async () =>
        [await ApplyAsync(StoryManifests.Web(3)), await StatusAsync("deployment/web")]);

    [Test, Order(2)]
    public Task Rolling_update() => TellAsync("rolling update", async () =>
        [await ApplyAsync(StoryManifests.Web(3, version: "two")), await StatusAsync("deployment/web"), await _kubectl.RunAsync("rollout history deployment/web")]);

    [Test, Order(3)]
    public Task Rollback() => TellAsync("rollback", async () =>
        [await _kubectl.RunAsync("rollout undo deployment/web"), await StatusAsync("deployment/web"), await _kubectl.RunAsync("rollout history deployment/web")]);

    [Test, Order(4)]
    public Task Scale() => TellAsync("scale", async () =>
        [await _kubectl.RunAsync("scale deployment/web --replicas=5"), await StatusAsync("deployment/web"), await _kubectl.RunAsync("scale deployment/web --replicas=2")]);

    [Test, Order(5)]
    public Task Stuck_update() => TellAsync("stuck update", async () =>
        [await ApplyAsync(StoryManifests.Web(2, status: "503", version: "stuck", deadline: 5)), await StatusAsync("deployment/web"), await _kubectl.RunAsync("get deployment web -o jsonpath={.status}")]);

    [Test, Order(6)]
    public Task Restart_after_undo() => TellAsync("restart after undo", async () =>
    [
        await _kubectl.RunAsync("rollout undo deployment/web"), await StatusAsync("deployment/web"),
        await _kubectl.RunAsync("rollout restart deployment/web"), await StatusAsync("deployment/web"),
    ]);

    [Test, Order(7)]
    public Task Pod_deleted() => TellAsync("pod deleted", async () =>
        [await _kubectl.RunAsync("delete pod -l app=web")]);

    [Test, Order(8)]
    public Task Eviction_and_disruption_budget() => TellAsync("eviction and PDB", async () =>
    [
        await ApplyAsync(StoryManifests.Budget), await _kubectl.RunAsync("drain node-1 --ignore-daemonsets --delete-emptydir-data --pod-selector=app=web --timeout=6s"),
        await _kubectl.RunAsync("uncordon node-1"), await _kubectl.RunAsync("delete pdb web"),
    ]);

    [Test, Order(9)]
    public Task Recreate() => TellAsync("recreate", async () =>
    [
        await _kubectl.RunAsync("patch deployment web -p {\"spec\":{\"strategy\":{\"type\":\"Recreate\",\"rollingUpdate\":null},\"template\":{\"metadata\":{\"labels\":{\"version\":\"recreated\"}}}}}"),
        await StatusAsync("deployment/web"),
    ]);

    [Test, Order(10)]
    public Task Deployment_deleted() => TellAsync("deployment deleted", async () => [await _kubectl.RunAsync("delete deployment web")]);

    [Test, Order(11)]
    public Task Stateful_set_created() => TellAsync("stateful set created", async () =>
        [await ApplyAsync(StoryManifests.Database()), await StatusAsync("statefulset/db")]);

    [Test, Order(12)]
    public Task Stateful_set_updated() => TellAsync("stateful set updated", async () =>
        [await ApplyAsync(StoryManifests.Database("two")), await StatusAsync("statefulset/db")]);

    [Test, Order(13)]
    public Task Stateful_set_scaled_down() => TellAsync("stateful set scaled down", async () => [await _kubectl.RunAsync("scale statefulset/db --replicas=1")]);

    [Test, Order(14)]
    public Task Stateful_set_deleted() => TellAsync("stateful set deleted", async () => [await _kubectl.RunAsync("delete statefulset db")]);

    [Test, Order(15)]
    public Task Daemon_set() => TellAsync("daemon set", async () =>
        [await ApplyAsync(StoryManifests.Agent), await StatusAsync("daemonset/agent"), await _kubectl.RunAsync("delete daemonset agent")]);

    [Test, Order(16)]
    public Task Job_completes() => TellAsync("job completes", async () =>
        [await ApplyAsync(StoryManifests.Job("once", 0, "completions: 3\n  parallelism: 2")), await _kubectl.RunAsync("wait --for=condition=Complete job/once --timeout=60s")]);

    [Test, Order(17)]
    public Task Job_fails() => TellAsync("job fails", async () =>
    [
        await ApplyAsync(StoryManifests.Job("stuck", 3, "backoffLimit: 1")), await _kubectl.RunAsync("wait --for=condition=Failed job/stuck --timeout=60s"),
        await _kubectl.RunAsync("get job stuck -o jsonpath={.status}"),
    ]);

    [Test, Order(18)]
    public Task Claim_without_a_class() => TellAsync("claim without a class", async () =>
    [
        await ApplyAsync(StoryManifests.Claim), await DescribedClaimAsync(),
    ]);

    [Test, Order(19)]
    public Task Autoscaler_without_metrics() => TellAsync("autoscaler without metrics", async () =>
    [
        await ApplyAsync(StoryManifests.Web(3)), await _kubectl.RunAsync("autoscale deployment web --min=1 --max=5 --cpu-percent=50"),
        await AutoscalerAsync(), await _kubectl.RunAsync("delete hpa web"),
    ]);

    private Task<string> ApplyAsync(string manifest) => _kubectl.RunAsync("apply --validate=false -f -", manifest);

    private Task<string> StatusAsync(string workload) => _kubectl.RunAsync($"rollout status {workload} --timeout=60s");

    private async Task<string> DescribedClaimAsync()
    {
        await ToldAsync("FailedBinding");
        return await _kubectl.RunAsync("describe pvc data");
    }

    private async Task<string> AutoscalerAsync()
    {
        await ToldAsync("FailedComputeMetricsReplicas");
        return await _kubectl.RunAsync("get hpa web");
    }

    // An event that does not come is told of where the events are compared.
    private async Task ToldAsync(string reason)
    {
        try
        {
            await _cluster.UntilAsync(() => _cluster.List("events", Namespace).Any(told => told.At("reason").Text() == reason), Limit);
        }
        catch (TimeoutException late)
        {
            await TestContext.Out.WriteLineAsync($"{reason}: {late.Message}");
        }
    }

    private async Task TellAsync(string name, Func<Task<IReadOnlyList<string>>> story)
    {
        var recorded = Recorded.At(name);
        var expected = StoryText.Events(recorded.At("events").Items().Select(told => told.Text("")));
        var rows = StoryText.Rows(recorded.At("end").Items().Select(row => row.Text("")));
        _told.UnionWith(Told().Select(one => one.Id));

        var said = await story();
        IReadOnlyList<string> told = [], shown = [];
        try
        {
            await _cluster.UntilAsync(() => (told = StoryText.Events(Told().Where(one => !_told.Contains(one.Id)).Select(one => one.Text))).SequenceEqual(expected, StringComparer.Ordinal), TimeSpan.FromSeconds(6));
        }
        catch (TimeoutException)
        {
            // The comparison below says what is missing.
        }
        for (var attempt = 0; attempt < 6; attempt++)
        {
            var end = await _kubectl.RunAsync("get deployments,replicasets,statefulsets,daemonsets,jobs,pods,pvc");
            shown = StoryText.Rows(end.Split('\n'));
            if (shown.SequenceEqual(rows, StringComparer.Ordinal))
                break;
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        }

        var asked = recorded.At("kubectl").Items().Select(line => StoryText.Said(line.Text("")));
        Assert.Multiple(() =>
        {
            Assert.That(Text(said.Select(StoryText.Said)), Is.EqualTo(Text(asked)), "what kubectl said");
            Assert.That(Differences(expected, told), Is.Empty, "events");
            Assert.That(Differences(rows, shown), Is.Empty, "rows in the end");
        });
    }

    private static string Text(IEnumerable<string> lines) => string.Join('\n', lines);

    private static string Differences(IReadOnlyList<string> expected, IReadOnlyList<string> found) => Text(
        [.. Without(expected, found).Select(line => $"missing: {line}"), .. Without(found, expected).Select(line => $"too many: {line}")]);

    private static List<string> Without(IReadOnlyList<string> all, IReadOnlyList<string> taken)
    {
        var left = all.ToList();
        foreach (var line in taken)
            left.Remove(line);
        return left;
    }

    /// <summary>An event that is counted once more is not a new one: the recording lists those that came.</summary>
    private IEnumerable<(string Id, string Text)> Told() => _cluster.List("events", Namespace).Select(told => (
        told.At("metadata", "uid").Text(""),
        $"{told.At("involvedObject", "kind").Text()}/{told.At("involvedObject", "name").Text()} {told.At("type").Text()} {told.At("reason").Text()}: {told.At("message").Text()} ({Component(told)})"));

    // The scheduler speaks events.k8s.io, which has no source.
    private static string Component(JsonElement told) => told.At("source", "component").Text("") is { Length: > 0 } source ? source : told.At("reportingComponent").Text("");
}
