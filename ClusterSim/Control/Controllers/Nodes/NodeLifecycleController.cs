using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Nodes;

/// <summary>
/// Notices that a node has stopped (its Lease and its status are older than the grace period), says so in its conditions, and keeps the taints
/// that follow from conditions (<c>pkg/controller/nodelifecycle</c>). Pods on a node that is lost are marked not ready, which takes them out of
/// the endpoints. Evicting them is <see cref="TaintEvictionController"/>'s.
/// </summary>
internal sealed class NodeLifecycleController : Controller
{
    private const string NotReady = "node.kubernetes.io/not-ready";
    private const string Unreachable = "node.kubernetes.io/unreachable";
    private const string Unschedulable = "node.kubernetes.io/unschedulable";

    private static readonly IReadOnlyDictionary<string, string> PressureTaints = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["MemoryPressure"] = "node.kubernetes.io/memory-pressure",
        ["DiskPressure"] = "node.kubernetes.io/disk-pressure",
        ["PIDPressure"] = "node.kubernetes.io/pid-pressure",
        ["NetworkUnavailable"] = "node.kubernetes.io/network-unavailable",
    };

    private readonly TimeSpan _grace;
    private readonly ResourceType _nodes;
    private readonly ResourceType _leases;
    private readonly ResourceType _pods;

    /// <summary>A controller that gives a silent node <paramref name="grace"/>.</summary>
    public NodeLifecycleController(ControllerContext context, TimeSpan grace)
        : base(context)
    {
        _grace = grace;
        _nodes = Client.Resource("nodes");
        _leases = Client.Resource("leases", "coordination.k8s.io");
        _pods = Client.Resource("pods");
        context.Informers.Handle(_nodes, change =>
        {
            if (change.Change == StoreChange.Added)
                Context.Events.Normal(change.Document, "RegisteredNode", $"Node {change.Document.Name} event: Registered Node {change.Document.Name} in Controller");
            Queue.Add(change.Document.Key);
        });
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_nodes).Find(key) is not { } node)
            return null;
        var silent = Now - LastHeard(node);
        if (silent >= _grace)
            node = MarkUnknown(node);
        var ready = node.Condition("Ready").At("status").Text("Unknown");
        KeepTaints(node, ready);
        if (ready != "True")
            MarkPodsNotReady(node);
        // Asked again when the heartbeat that is newest now would be too old; leases are not watched, as they are many and say nothing else.
        return silent >= _grace ? null : _grace - silent;
    }

    private DateTimeOffset LastHeard(Document node)
    {
        var heard = node.Created();
        if (node.Condition("Ready").At("lastHeartbeatTime").Time() is { } beat && beat > heard)
            heard = beat;
        if (Current(_leases).Find(new ObjectKey("kube-node-lease", node.Name))?.Spec.At("renewTime").Time() is { } renewed && renewed > heard)
            heard = renewed;
        return heard;
    }

    private Document MarkUnknown(Document node)
    {
        if (node.Condition("Ready").At("status").Text() == "Unknown")
            return node;
        var now = Now;
        var marked = Client.Change(_nodes, node.Key, @object =>
        {
            var status = @object.Ensure("status");
            foreach (var type in (string[])["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"])
            {
                var before = Conditions.Find(status, type);
                if (before is null)
                    Conditions.Set(status, type, "Unknown", "NodeStatusNeverUpdated", "Kubelet never posted node status.", now, ("lastHeartbeatTime", node.Created().Stamp()));
                else
                    Conditions.Set(status, type, "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.", now, ("lastHeartbeatTime", before.Text("lastHeartbeatTime")));
            }
            return true;
        }, "status") ?? node;
        Context.Events.Normal(marked, "NodeNotReady", $"Node {node.Name} status is now: NodeNotReady");
        return marked;
    }

    private void KeepTaints(Document node, string ready)
    {
        var wanted = new List<(string Key, string Effect)>();
        if (ready != "True")
        {
            var key = ready == "Unknown" ? Unreachable : NotReady;
            wanted.Add((key, "NoSchedule"));
            wanted.Add((key, "NoExecute"));
        }
        foreach (var (condition, taint) in PressureTaints)
            if (node.Is(condition))
                wanted.Add((taint, "NoSchedule"));
        if (node.Spec.At("unschedulable").Flag(false))
            wanted.Add((Unschedulable, "NoSchedule"));
        bool IsOurs(string key) => key is NotReady or Unreachable or Unschedulable || PressureTaints.Values.Contains(key, StringComparer.Ordinal);
        var now = Now.Stamp();
        Client.Change(_nodes, node.Key, @object =>
        {
            var spec = @object.Ensure("spec");
            var taints = (spec["taints"] as JsonArray)?.OfType<JsonObject>().ToList() ?? [];
            var kept = taints.Where(taint => !IsOurs(taint.Text("key") ?? "") || wanted.Contains((taint.Text("key")!, taint.Text("effect") ?? ""))).ToList();
            var missing = wanted.Where(one => !kept.Exists(taint => taint.Text("key") == one.Key && taint.Text("effect") == one.Effect)).ToList();
            if (kept.Count == taints.Count && missing.Count == 0)
                return false;
            var all = new JsonArray([.. kept.Select(taint => taint.DeepClone()),
                .. missing.Select(one => Object(("key", one.Key), ("effect", one.Effect), ("timeAdded", now)))]);
            if (all.Count == 0)
                spec.Remove("taints");
            else
                spec["taints"] = all;
            return true;
        });
    }

    private void MarkPodsNotReady(Document node)
    {
        foreach (var pod in Current(_pods).OnNode(node.Name).Where(pod => pod.IsReady()))
        {
            Client.Change(_pods, pod.Key, @object => Conditions.Set(@object.Ensure("status"), "Ready", "False", null, null, Now), "status");
            Context.Events.Warning(pod, "NodeNotReady", "Node is not ready");
        }
    }
}
