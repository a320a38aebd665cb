using System.Collections.Concurrent;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Nodes;

/// <summary>Deletes pods from nodes whose NoExecute taints they do not tolerate, or tolerate only for a while (<c>pkg/controller/tainteviction</c>).</summary>
internal sealed class TaintEvictionController : Controller
{
    private readonly ResourceType _nodes;
    private readonly ResourceType _pods;

    // Since when each pod has been sitting its tolerated taints out; a taint need not say when it was added.
    private readonly ConcurrentDictionary<string, DateTimeOffset> _since = new(StringComparer.Ordinal);

    /// <summary>A controller of pods on tainted nodes.</summary>
    public TaintEvictionController(ControllerContext context)
        : base(context)
    {
        _nodes = Client.Resource("nodes");
        _pods = Client.Resource("pods");
        context.Informers.Handle(_nodes, change =>
        {
            if (change.Change == StoreChange.Deleted || (!HasNoExecute(change.Document) && (change.Previous is null || !HasNoExecute(change.Previous))))
                return;
            foreach (var pod in Current(_pods).OnNode(change.Document.Name))
                Queue.Add(pod.Key);
        });
        context.Informers.Handle(_pods, change =>
        {
            if (change.Change == StoreChange.Deleted)
                _since.TryRemove(change.Document.Uid, out _);
            if (change.Change != StoreChange.Deleted && change.Document.NodeName is not null && change.Previous?.NodeName is null)
                Queue.Add(change.Document.Key);
        });
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_pods).Find(key) is not { NodeName: { } name, IsDeleting: false } pod || Current(_nodes).Find(new ObjectKey(null, name)) is not { } node)
            return null;
        var tolerations = pod.Spec.At("tolerations").Items().ToList();
        TimeSpan? left = null;
        foreach (var one in node.Spec.At("taints").Items())
        {
            var taint = new Taint(one.At("key").Text(""), one.At("value").Text(""), one.At("effect").Text(""));
            if (taint.Effect != "NoExecute")
                continue;
            var tolerated = tolerations.Where(toleration => Toleration.Single(toleration).Tolerates(taint)).ToList();
            if (tolerated.Count == 0)
                return Evict(pod);
            var limits = tolerated.Select(toleration => toleration.At("tolerationSeconds").Integer()).Where(seconds => seconds is not null).ToList();
            if (limits.Count == 0)
                continue;
            var until = _since.GetOrAdd(pod.Uid, Now).AddSeconds(Math.Max(0, limits.Min()!.Value)) - Now;
            if (until <= TimeSpan.Zero)
                return Evict(pod);
            left = left is null || until < left ? until : left;
        }
        if (left is null)
            _since.TryRemove(pod.Uid, out _);
        return left;
    }

    private static bool HasNoExecute(Document node) => node.Spec.At("taints").Items().Any(taint => taint.At("effect").Text() == "NoExecute");

    private TimeSpan? Evict(Document pod)
    {
        Context.Events.Normal(pod, "TaintManagerEviction", $"Marking for deletion Pod {pod.Namespace}/{pod.Name}");
        Client.Change(_pods, pod.Key, @object => Conditions.Set(
            @object.Ensure("status"), "DisruptionTarget", "True", "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint", Now), "status");
        Client.Delete(_pods, pod.Key, new DeleteOptions { PreconditionUid = pod.Uid });
        return null;
    }
}
