using System.Globalization;
using System.Text.Json;
using ClusterSim;
using ClusterSim.Client;
using ClusterSim.Faults;
using ClusterSim.Machinery;
using ClusterSim.Nodes;
using ClusterSim.Objects;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Tests.Cluster;

/// <summary>What may happen.</summary>
public enum Deed
{
    Scale,
    Update,
    DeleteWorkload,
    ApplyAgain,
    DeletePod,
    Evict,
    KillPod,
    StopNode,
    StartNode,
    ScaleSet,
    UpdateSet,
}

/// <summary>One thing that happens, which of several it happens to, and the seconds until the next.</summary>
public sealed record Happening(Deed Deed, int Choice, int Seconds);

/// <summary>A story of one cluster on a manual clock: a Deployment behind a Service and a budget, a StatefulSet, a DaemonSet.</summary>
public sealed record ConvergenceStory(int Surge, int Unavailable, int Seed, Happening[] Happenings)
{
    private const int Nodes = 3;

    private readonly List<string> _complaints = [];
    private readonly HashSet<string> _takenAway = new(StringComparer.Ordinal);
    private readonly Dictionary<ObjectKey, Document> _pods = [];
    private int _replicas = 3;
    private int _replicasMost = 3;
    private int _members = 2;
    private int _version = 1;
    private int _memberVersion = 1;
    private bool _isDeployed = true;
    private bool _isShrinking;
    private DateTimeOffset? _lastAccident;

    public override string ToString() =>
        $"surge {Surge}, unavailable {Unavailable}, seed {Seed}: {string.Join(", ", Happenings.Select(one => $"{one.Deed} {one.Choice} +{one.Seconds}s"))}";

    /// <summary>Plays it.</summary>
    /// <param name="sabotage">What is made wrong on purpose once the cluster has started, to see whether it is noticed.</param>
    /// <returns>What was not as it should be.</returns>
    internal async Task<IReadOnlyList<string>> PlayAsync(Action<SimulatedCluster>? sabotage = null)
    {
        var clock = new ManualClock(new DateTimeOffset(2026, 1, 5, 0, 0, 0, TimeSpan.Zero));
        await using var cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions
        {
            Clock = clock,
            Seed = Seed,
            Nodes = [.. Enumerable.Range(1, Nodes).Select(number => new NodeOptions { Name = $"node-{number}" })],
        });
        var pods = cluster.Server.Catalog.Require("pods").GroupResource;
        var cursor = cluster.Server.Store.Watch(pods, cluster.Server.Store.Revision);
        var stopped = new SortedSet<string>(StringComparer.Ordinal);
        sabotage?.Invoke(cluster);
        ApplyDeployment(cluster);
        ApplySet(cluster);
        cluster.ApplyYaml(Agent);
        cluster.ApplyYaml(Budget);
        await AdvanceAsync(30);
        foreach (var happening in Happenings)
        {
            Do(cluster, happening, stopped);
            await AdvanceAsync(happening.Seconds);
        }
        foreach (var node in stopped)
            cluster.Faults.StartNode(node);
        for (var minutes = 0; minutes < 15 && Unlike(cluster).Any(); minutes++)
            await AdvanceAsync(60);
        _complaints.AddRange(Unlike(cluster));
        return _complaints;

        async Task AdvanceAsync(int seconds)
        {
            await clock.AdvanceAsync(TimeSpan.FromSeconds(seconds));
            for (var batch = cursor.TryRead(out _); !batch.IsEmpty; batch = cursor.TryRead(out _))
                for (var i = 0; i < batch.Length; i++)
                    Observe(batch.Span[i]);
            if (_isDeployed && !Pods(cluster, "web").Any(pod => !pod.IsActive() || !pod.IsReady()) && Pods(cluster, "web").Count() == _replicas)
            {
                _replicasMost = _replicas;
                _isShrinking = false;
            }
        }
    }

    private void Do(SimulatedCluster cluster, Happening happening, SortedSet<string> stopped)
    {
        switch (happening.Deed)
        {
            case Deed.Scale:
                _isShrinking |= happening.Choice % 6 < _replicas;
                _replicas = happening.Choice % 6;
                _replicasMost = Math.Max(_replicas, _replicasMost);
                _isDeployed = true;
                ApplyDeployment(cluster);
                break;
            case Deed.Update:
                _version++;
                _isDeployed = true;
                ApplyDeployment(cluster);
                break;
            case Deed.ApplyAgain:
                _isDeployed = true;
                ApplyDeployment(cluster);
                break;
            case Deed.DeleteWorkload:
                _isDeployed = false;
                _takenAway.UnionWith(Pods(cluster, "web").Select(pod => pod.Uid));
                cluster.Delete("deployments", "default", "web");
                break;
            case Deed.ScaleSet:
                _members = happening.Choice % 4;
                ApplySet(cluster);
                break;
            case Deed.UpdateSet:
                _memberVersion++;
                ApplySet(cluster);
                break;
            case Deed.DeletePod when Any(cluster, happening) is { } pod:
                _takenAway.Add(pod.Uid);
                cluster.Delete("pods", "default", pod.Name);
                break;
            case Deed.KillPod when Any(cluster, happening) is { } pod:
                cluster.Faults.KillPod("default", pod.Name);
                break;
            case Deed.Evict when Any(cluster, happening) is { } pod:
                Evict(cluster, pod);
                break;
            case Deed.StopNode when stopped.Count < Nodes - 1:
                var victim = cluster.Nodes.Names.ElementAt(happening.Choice % cluster.Nodes.Names.Count());
                stopped.Add(victim);
                cluster.Faults.StopNode(victim);
                break;
            case Deed.StartNode when stopped.Count > 0:
                var back = stopped.First();
                stopped.Remove(back);
                cluster.Faults.StartNode(back);
                break;
            default:
                break;
        }
    }

    /// <summary>An eviction that is granted leaves as many healthy pods as the budget asks for.</summary>
    private void Evict(SimulatedCluster cluster, Document pod)
    {
        var wasHealthy = pod.IsActive() && pod.IsReady();
        try
        {
            cluster.Admin.CreateSubresource(cluster.Server.Catalog.Require("pods"), pod.Key, "eviction", Object(
                ("apiVersion", "policy/v1"), ("kind", "Eviction"), ("metadata", Object(("name", pod.Name), ("namespace", pod.Namespace)))));
        }
        catch (KubernetesApiException refused) when (refused.Code is 429 or 404)
        {
            return;
        }
        var healthy = Pods(cluster, "web").Count(one => one.IsActive() && one.IsReady());
        if (wasHealthy && pod.Labels["app"] == "web" && healthy < 2)
            _complaints.Add($"evicting {pod.Name} was granted and left {healthy} healthy pods of at least 2");
    }

    private void Observe(StoreEvent change)
    {
        ObserveEnd(change);
        if (change.Change == StoreChange.Deleted)
            _pods.Remove(change.Document.Key);
        else
            _pods[change.Document.Key] = change.Document;
        var active = _pods.Values.Count(pod => pod.IsActive() && pod.Labels.GetValueOrDefault("app") == "web");
        if (_isDeployed && active > _replicasMost + Surge)
            _complaints.Add($"{active} pods at revision {change.Document.Revision}, of {_replicasMost} and {Surge} more");
    }

    /// <summary>
    /// A ready pod that the controllers end leaves as many available as the limit asks for. Pods that people, evictions and lost nodes take are
    /// no fault of theirs, nor is what goes in the second of an accident; and of a Deployment that shrinks in the middle of a rollout every
    /// set loses its part, ready or not, as in Kubernetes.
    /// </summary>
    private void ObserveEnd(StoreEvent change)
    {
        var pod = change.Document;
        if (change is not { Change: StoreChange.Modified, Previous: { } before } || pod.Labels.GetValueOrDefault("app") != "web" || !before.IsActive() || !before.IsReady())
            return;
        if (!pod.IsDeleting)
        {
            if (!pod.IsReady())
                _lastAccident = pod.Condition("Ready").At("lastTransitionTime").Time();
            return;
        }
        var available = _pods.Values.Count(one => one.Uid != pod.Uid && one.Labels.GetValueOrDefault("app") == "web" && one.IsActive() && one.IsReady());
        var ended = pod.Metadata.At("deletionTimestamp").Time() - TimeSpan.FromSeconds(pod.Metadata.At("deletionGracePeriodSeconds").Integer(0));
        if (_isDeployed && !_isShrinking && available < _replicas - Unavailable && ended != _lastAccident && !_takenAway.Contains(pod.Uid) && !pod.Is("DisruptionTarget"))
            _complaints.Add($"{pod.Name} was ended at revision {pod.Revision} and left {available} available, of {_replicas} and {Unavailable} fewer");
    }

    private IEnumerable<string> Unlike(SimulatedCluster cluster)
    {
        var web = Pods(cluster, "web").ToList();
        var wanted = _isDeployed ? _replicas : 0;
        if (web.Count != wanted || web.Exists(pod => !pod.IsReady() || pod.IsDeleting))
            yield return $"{web.Count} pods of web, of which {web.Count(pod => pod.IsReady())} ready, for {wanted}: {string.Join(", ", web.Select(pod => $"{pod.Name} on {pod.NodeName} {pod.Status.At("phase").Text()}{(pod.IsDeleting ? " deleting" : "")}"))}";
        if (web.Exists(pod => pod.Labels["version"] != Text(_version)))
            yield return "pods of web of an older revision";
        var sets = cluster.List("replicasets", "default");
        if (sets.Count(set => set.At("spec", "replicas").Integer(0) > 0) > (wanted > 0 ? 1 : 0) || (!_isDeployed && sets.Count > 0))
            yield return $"{sets.Count} ReplicaSets of web, with {string.Join(", ", sets.Select(set => set.At("spec", "replicas").Integer(0)))} replicas";
        var members = Pods(cluster, "db").ToList();
        if (!members.Select(pod => pod.Name).Order(StringComparer.Ordinal).SequenceEqual(Enumerable.Range(0, _members).Select(ordinal => $"db-{Text(ordinal)}"), StringComparer.Ordinal)
            || members.Exists(pod => !pod.IsReady() || pod.Labels["version"] != Text(_memberVersion)))
            yield return $"members {string.Join(", ", members.Select(pod => $"{pod.Name} v{pod.Labels["version"]} {(pod.IsReady() ? "ready" : "not ready")}"))}, for {_members} of v{_memberVersion}";
        var agents = Pods(cluster, "agent").ToList();
        if (agents.Select(pod => pod.NodeName).Distinct(StringComparer.Ordinal).Count() != Nodes || agents.Count != Nodes || agents.Exists(pod => !pod.IsReady()))
            yield return $"agents {string.Join(", ", agents.Select(pod => $"{pod.NodeName} {(pod.IsReady() ? "ready" : "not ready")}"))}";
        var owners = cluster.List("replicasets", "default").Concat(cluster.List("statefulsets", "default")).Concat(cluster.List("daemonsets", "default"))
            .Select(owner => owner.At("metadata", "uid").Text("")).ToHashSet(StringComparer.Ordinal);
        foreach (var orphan in web.Concat(members).Concat(agents).Where(pod => pod.ControllerUid is not { } uid || !owners.Contains(uid)))
            yield return $"{orphan.Name} belongs to nobody";
        var served = cluster.List("endpointslices", "default", "kubernetes.io/service-name=web").SelectMany(slice => slice.At("endpoints").Items())
            .Where(endpoint => endpoint.At("conditions", "ready").Flag(false)).Select(endpoint => endpoint.At("addresses").Items().First().Text()).Order(StringComparer.Ordinal);
        var ready = web.Where(pod => pod.IsReady()).Select(pod => pod.Status.At("podIP").Text()).Order(StringComparer.Ordinal);
        if (!served.SequenceEqual(ready, StringComparer.Ordinal))
            yield return $"the Service has {string.Join(", ", served)}, the ready pods {string.Join(", ", ready)}";
    }

    private static Document? Any(SimulatedCluster cluster, Happening happening)
    {
        var pods = cluster.Admin.List(cluster.Server.Catalog.Require("pods"), "default").OrderBy(pod => pod.Name, StringComparer.Ordinal).ToList();
        return pods.Count == 0 ? null : pods[happening.Choice % pods.Count];
    }

    private static IEnumerable<Document> Pods(SimulatedCluster cluster, string app) =>
        cluster.Admin.List(cluster.Server.Catalog.Require("pods"), "default").Where(pod => pod.Labels.GetValueOrDefault("app") == app);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private void ApplyDeployment(SimulatedCluster cluster) => cluster.ApplyYaml(Workloads.Web(_replicas, Text(_version), Surge, Unavailable));

    private void ApplySet(SimulatedCluster cluster) => cluster.ApplyYaml($$"""
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: { name: db }
        spec:
          replicas: {{_members}}
          serviceName: db
          selector: { matchLabels: { app: db } }
          template:
            metadata: { labels: { app: db, version: "{{_memberVersion}}" } }
            spec:
              terminationGracePeriodSeconds: 3
              containers: [{ name: main, image: "registry.k8s.io/pause:3.10" }]
        """);

    private const string Agent = """
        apiVersion: apps/v1
        kind: DaemonSet
        metadata: { name: agent }
        spec:
          selector: { matchLabels: { app: agent } }
          template:
            metadata: { labels: { app: agent } }
            spec: { containers: [{ name: main, image: "registry.k8s.io/pause:3.10" }] }
        """;

    private const string Budget = """
        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata: { name: web }
        spec: { minAvailable: 2, selector: { matchLabels: { app: web } } }
        """;
}
