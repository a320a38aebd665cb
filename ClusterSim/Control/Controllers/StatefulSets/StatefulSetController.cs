using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.StatefulSets;

/// <summary>
/// Pods with a name, a place in an order and storage of their own (<c>pkg/controller/statefulset</c>). One reconcile: find the revisions;
/// walk the ordinals upwards, creating what lacks; walk the surplus downwards; walk downwards replacing what is of an old revision. Unless
/// Parallel, each walk stops at the first pod that is not healthy.
/// </summary>
internal sealed class StatefulSetController : Controller
{
    private readonly ControllerRefs _refs;
    private readonly ControllerRevisions _history;
    private readonly ResourceType _sets;
    private readonly ResourceType _pods;
    private readonly ResourceType _claims;

    /// <summary>A controller of StatefulSets.</summary>
    public StatefulSetController(ControllerContext context)
        : base(context)
    {
        _sets = Client.Resource("statefulsets", "apps");
        _pods = Client.Resource("pods");
        _claims = Client.Resource("persistentvolumeclaims");
        _refs = new ControllerRefs(context, _pods);
        _history = new ControllerRevisions(Client, "controller.kubernetes.io/hash");
        ForEach(_sets);
        ForOwners(_pods, "StatefulSet");
        context.Informers.Handle(_claims, ClaimGone);
        ForOrphans(_pods, _sets, set => LabelSelector.FromObject(set.Spec.At("selector")));
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_sets).Find(key) is not { } set)
            return null;
        var selector = LabelSelector.FromObject(set.Spec.At("selector"));
        var known = _history.Of(set);
        var collisions = set.Status.At("collisionCount").Integer() ?? 0;
        var update = _history.Sync(set, known, collisions, () => Client.Change(_sets, key, @object =>
        {
            @object.Ensure("status")["collisionCount"] = collisions + 1;
            return true;
        }, "status"));
        var current = known.Find(revision => revision.Name == set.Status.At("currentRevision").Text()) ?? update;

        var pods = _refs.Claim(set, selector).Where(pod => StatefulPod.Ordinal(set, pod.Name) is not null).ToList();
        KubernetesApiException? failure = null;
        if (!set.IsDeleting)
        {
            try
            {
                new StatefulSetRollout(Context, set, current, update, pods, Now).Run();
            }
            catch (KubernetesApiException refused) when (!PodControl.IsNamespaceTerminating(refused))
            {
                failure = refused;
            }
            catch (KubernetesApiException)
            {
                // The namespace is ending, and the set with it.
            }
        }
        WriteStatus(set, current, update, selector);
        var used = pods.Select(StatefulPod.Revision).Append(current.Name).Append(update.Name).ToHashSet(StringComparer.Ordinal);
        _history.Truncate(_history.Of(set), used, set.Spec.At("revisionHistoryLimit").Integer(10));
        if (failure is not null)
            throw failure;
        return PodReading.UntilNextAvailable(pods, set.Spec.At("minReadySeconds").Integer() ?? 0, Now);
    }

    /// <summary>A set may be waiting for a claim to be gone, to make the pod and the claim of that name anew.</summary>
    private void ClaimGone(StoreEvent change)
    {
        if (change.Change != StoreChange.Deleted)
            return;
        foreach (var set in Current(_sets).All(change.Document.Namespace))
            if (StatefulPod.Claims(set).Any(claim => change.Document.Name.StartsWith(StatefulPod.ClaimName(claim.Template, set.Name) + "-", StringComparison.Ordinal)))
                Queue.Add(set.Key);
    }

    private void WriteStatus(Document set, Document current, Document update, LabelSelector selector)
    {
        var now = Now;
        var minReadySeconds = set.Spec.At("minReadySeconds").Integer() ?? 0;
        var pods = _refs.Claim(set, selector).Where(pod => StatefulPod.Ordinal(set, pod.Name) is not null).ToList();
        var live = pods.Where(pod => !pod.IsDeleting).ToList();
        var status = set.Status.ToObject();
        var before = status.DeepClone();
        var ready = pods.Count(StatefulPod.IsRunningAndReady);
        var updated = live.Count(pod => StatefulPod.Revision(pod) == update.Name);
        var ofCurrent = live.Count(pod => StatefulPod.Revision(pod) == current.Name);
        var wanted = set.Spec.At("replicas").Integer(1);
        var currentName = current.Name;
        if (set.Spec.At("updateStrategy", "type").Text("RollingUpdate") == "RollingUpdate" && updated == wanted && ready == wanted && pods.Count == wanted)
        {
            ofCurrent = updated;
            currentName = update.Name;
        }
        status["observedGeneration"] = set.Generation();
        status["replicas"] = pods.Count;
        Conditions.Count(status, "readyReplicas", ready);
        Conditions.Count(status, "currentReplicas", ofCurrent);
        Conditions.Count(status, "updatedReplicas", updated);
        status["availableReplicas"] = pods.Count(pod => StatefulPod.IsRunningAndAvailable(pod, minReadySeconds, now));
        status["currentRevision"] = currentName;
        status["updateRevision"] = update.Name;
        status["collisionCount"] = status.Integer("collisionCount") ?? 0;
        if (JsonNode.DeepEquals(before, status))
            return;
        Client.Change(_sets, set.Key, @object =>
        {
            @object["status"] = status.DeepClone();
            return true;
        }, "status");
    }
}
