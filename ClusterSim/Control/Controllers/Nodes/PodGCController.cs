using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Patching;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Nodes;

/// <summary>
/// Removes pods nobody else will (<c>pkg/controller/podgc</c>): those of a node that is gone, terminating ones that were never bound or whose
/// node is out of service, and the oldest ended ones beyond 12,500.
/// </summary>
internal sealed class PodGCController : Controller
{
    private const int TerminatedMax = 12500;
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Quarantine = TimeSpan.FromSeconds(40);
    private static readonly ObjectKey All = new(null, "all");

    private readonly Dictionary<string, DateTimeOffset> _missing = new(StringComparer.Ordinal);
    private readonly ResourceType _nodes;
    private readonly ResourceType _pods;

    /// <summary>A collector of pods.</summary>
    public PodGCController(ControllerContext context)
        : base(context)
    {
        _nodes = Client.Resource("nodes");
        _pods = Client.Resource("pods");
        context.Informers.Handle(_nodes, change =>
        {
            if (change.Change == StoreChange.Deleted || change.Document.Spec.At("taints").Count() > 0)
                Queue.Add(All);
        });
        context.Informers.Handle(_pods, change =>
        {
            var pod = change.Document;
            if (change.Change != StoreChange.Deleted
                && ((pod.NodeName is null && pod.IsDeleting)
                    || (pod.NodeName is { } node && change.Previous?.NodeName is null && Current(_nodes).Find(new ObjectKey(null, node)) is null)
                    || (pod.IsEnded() && Current(_pods).Count > TerminatedMax)))
                Queue.Add(All);
        });
    }

    /// <inheritdoc/>
    protected override int Workers => 1;

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        var pods = Current(_pods).All().ToList();
        var nodes = Current(_nodes);
        var ended = pods.Where(pod => pod.IsEnded()).ToList();
        foreach (var pod in ended.OrderBy(pod => pod.Created()).Take(Math.Max(0, ended.Count - TerminatedMax)))
            Remove(pod);
        foreach (var pod in pods.Where(pod => pod.IsDeleting && pod.NodeName is null))
            Remove(pod);
        foreach (var pod in pods.Where(pod => pod.IsDeleting && pod.NodeName is not null && !pod.IsReady()))
            if (nodes.Find(new ObjectKey(null, pod.NodeName!)) is { } node && node.Spec.At("taints").Items().Any(taint => taint.At("key").Text() == "node.kubernetes.io/out-of-service"))
                Remove(pod);
        var orphans = pods.Where(pod => pod.NodeName is { } node && nodes.Find(new ObjectKey(null, node)) is null).ToList();
        foreach (var gone in _missing.Keys.Where(node => nodes.Find(new ObjectKey(null, node)) is not null).ToList())
            _missing.Remove(gone);
        foreach (var pod in orphans)
        {
            // A node may be missing for a moment only, as when it is made anew.
            if (_missing.TryAdd(pod.NodeName!, Now) || Now - _missing[pod.NodeName!] < Quarantine)
                continue;
            Client.Patch(_pods, pod.Key, PatchType.Merge, Failed(pod), "status");
            Remove(pod);
        }
        return orphans.Count > 0 ? Period : null;
    }

    private System.Text.Json.Nodes.JsonObject Failed(Document pod)
    {
        var status = pod.Status.ToObject();
        Conditions.Set(status, "DisruptionTarget", "True", "DeletionByPodGC", "PodGC: node no longer exists", Now);
        if (!pod.IsEnded())
            status["phase"] = "Failed";
        return JsonBuilding.Object(("status", status));
    }

    private void Remove(Document pod) => Client.Delete(_pods, pod.Key, new DeleteOptions { GracePeriodSeconds = 0, PreconditionUid = pod.Uid });
}
