using System.Text.Json;
using ClusterSim;
using ClusterSim.Json;
using ClusterSim.Nodes;

namespace Tests.Cluster.Stories;

/// <summary>
/// The 19 stories of controllers that were recorded on a real node, told again by kubectl on a simulated cluster: what kubectl says, the events, and what <c>kubectl get</c> shows in the end. Skipped where there is no kubectl.
/// </summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[Parallelizable(ParallelScope.Self)]
public sealed class RecordedRolloutTests
{
    private const string Namespace = "fid-roll";
    private static readonly TimeSpan EventsLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan RowsLimit = TimeSpan.FromSeconds(20);

    private readonly HashSet<string> _told = new(StringComparer.Ordinal);
    private IReadOnlyList<(string Name, Func<Task<IReadOnlyList<string>>> Tell)> _stories = [];
    private int _next;
    private SimulatedCluster? _cluster;
    private Kubectl _kubectl = null!;
    private string _kubeconfig = null!;

    private static JsonElement Recorded { get; } = JsonElement.Parse(File.ReadAllBytes(Path.Combine(
        TestContext.CurrentContext.TestDirectory, "Stories", "recorded-rollouts.json")));

    [OneTimeSetUp]
    public async Task Start()
    {
        if (!Kubectl.IsInstalled)
            Assert.Ignore("kubectl is not installed: its stories are not told");
        await StartClusterAsync();
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_cluster is null)
            return;
        await _cluster.DisposeAsync();
        File.Delete(_kubeconfig);
    }

    private async Task StartClusterAsync()
    {
        _cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Nodes = [new NodeOptions { Name = "node-1" }], MetricsServer = false });
        BoxImage.AddTo(_cluster.Images);
        _cluster.Delete("storageclasses", null, "standard"); // the recorded cluster had none
        _kubeconfig = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        _cluster.WriteKubeconfig(_kubeconfig);
        _kubectl = new Kubectl(_kubeconfig, Namespace);
        _cluster.ApplyYaml($"{{ apiVersion: v1, kind: Namespace, metadata: {{ name: {Namespace} }} }}");
        _stories = new RolloutStories(_cluster, _kubectl, Namespace).All;
        _next = 0;
        _told.Clear();
    }

    [Test, Order(1)]
    public Task Deployment_created() => TellAsync("deployment created");

    [Test, Order(2)]
    public Task Rolling_update() => TellAsync("rolling update");

    [Test, Order(3)]
    public Task Rollback() => TellAsync("rollback");

    [Test, Order(4)]
    public Task Scale() => TellAsync("scale");

    [Test, Order(5)]
    public Task Stuck_update() => TellAsync("stuck update");

    [Test, Order(6)]
    public Task Restart_after_undo() => TellAsync("restart after undo");

    [Test, Order(7)]
    public Task Pod_deleted() => TellAsync("pod deleted");

    [Test, Order(8)]
    public Task Eviction_and_disruption_budget() => TellAsync("eviction and PDB");

    [Test, Order(9)]
    public Task Recreate() => TellAsync("recreate");

    [Test, Order(10)]
    public Task Deployment_deleted() => TellAsync("deployment deleted");

    [Test, Order(11)]
    public Task Stateful_set_created() => TellAsync("stateful set created");

    [Test, Order(12)]
    public Task Stateful_set_updated() => TellAsync("stateful set updated");

    [Test, Order(13)]
    public Task Stateful_set_scaled_down() => TellAsync("stateful set scaled down");

    [Test, Order(14)]
    public Task Stateful_set_deleted() => TellAsync("stateful set deleted");

    [Test, Order(15)]
    public Task Daemon_set() => TellAsync("daemon set");

    [Test, Order(16)]
    public Task Job_completes() => TellAsync("job completes");

    [Test, Order(17)]
    public Task Job_fails() => TellAsync("job fails");

    [Test, Order(18)]
    public Task Claim_without_a_class() => TellAsync("claim without a class");

    [Test, Order(19)]
    public Task Autoscaler_without_metrics() => TellAsync("autoscaler without metrics");

    /// <summary>Tells a story. Those before it are told first where they have not been: alone, and in any order, a story begins from the same state.</summary>
    private async Task TellAsync(string name)
    {
        var recorded = Recorded.At(name);
        var expected = StoryText.Events(recorded.At("events").Items().Select(told => told.Text("")));
        var rows = StoryText.Rows(recorded.At("end").Items().Select(row => row.Text("")));
        await TellThoseBeforeAsync(name);
        _told.UnionWith(Told().Select(one => one.Id));

        var said = await TellNextAsync();
        IReadOnlyList<string> told = [];
        try
        {
            await _cluster!.UntilAsync(() => (told = StoryText.Events(Told().Where(one => !_told.Contains(one.Id)).Select(one => one.Text))).SequenceEqual(expected, StringComparer.Ordinal), EventsLimit);
        }
        catch (TimeoutException)
        {
            // The comparison below says what is missing.
        }
        var shown = await RowsAsync(rows);

        var asked = recorded.At("kubectl").Items().Select(line => StoryText.Said(line.Text("")));
        Assert.Multiple(() =>
        {
            Assert.That(Text(said.Select(StoryText.Said)), Is.EqualTo(Text(asked)), "what kubectl said");
            Assert.That(Differences(expected, told), Is.Empty, "events");
            Assert.That(Differences(rows, shown), Is.Empty, "rows in the end");
        });
    }

    private async Task TellThoseBeforeAsync(string name)
    {
        var place = _stories.Select(story => story.Name).ToList().IndexOf(name);
        if (place < _next)
        {
            await Stop();
            await StartClusterAsync();
        }
        while (_next < place)
        {
            var rows = StoryText.Rows(Recorded.At(_stories[_next].Name, "end").Items().Select(row => row.Text("")));
            await TellNextAsync();
            await RowsAsync(rows);
        }
    }

    private async Task<IReadOnlyList<string>> TellNextAsync()
    {
        var story = _stories[_next];
        _next = int.MaxValue; // A story that breaks off leaves nothing that another could go on from.
        var said = await story.Tell();
        _next = _stories.ToList().IndexOf(story) + 1;
        return said;
    }

    /// <summary>What <c>kubectl get</c> shows, as soon as it is as expected, else after a limit.</summary>
    private async Task<IReadOnlyList<string>> RowsAsync(IReadOnlyList<string> expected)
    {
        IReadOnlyList<string> shown = [];
        try
        {
            await Eventually.ThatAsync(async () =>
            {
                shown = StoryText.Rows((await _kubectl.RunAsync("get deployments,replicasets,statefulsets,daemonsets,jobs,pods,pvc")).Split('\n'));
                return shown.SequenceEqual(expected, StringComparer.Ordinal);
            }, "the rows are as recorded", RowsLimit);
        }
        catch (AssertionException)
        {
            // The comparison of the rows says what is missing.
        }
        return shown;
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
    private IEnumerable<(string Id, string Text)> Told() => _cluster!.List("events", Namespace).Select(told => (
        told.At("metadata", "uid").Text(""),
        $"{told.At("involvedObject", "kind").Text()}/{told.At("involvedObject", "name").Text()} {told.At("type").Text()} {told.At("reason").Text()}: {told.At("message").Text()} ({Component(told)})"));

    // The scheduler speaks events.k8s.io, which has no source.
    private static string Component(JsonElement told) => told.At("source", "component").Text("") is { Length: > 0 } source ? source : told.At("reportingComponent").Text("");
}
