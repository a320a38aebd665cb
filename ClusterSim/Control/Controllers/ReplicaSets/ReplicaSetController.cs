using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.ReplicaSets;

/// <summary>Keeps so many pods of a template (<c>pkg/controller/replicaset</c>). ReplicationControllers are kept by the same code.</summary>
internal class ReplicaSetController : Controller
{
    private const int BurstReplicas = 500;

    private readonly ControllerRefs _refs;
    private readonly PodControl _podControl;
    private readonly ResourceType _sets;
    private readonly ResourceType _pods;
    private readonly string _kind;

    /// <summary>A controller of ReplicaSets.</summary>
    public ReplicaSetController(ControllerContext context)
        : this(context, context.Client.Resource("replicasets", "apps"))
    {
    }

    /// <summary>A controller of a kind that is like a ReplicaSet.</summary>
    protected ReplicaSetController(ControllerContext context, ResourceType sets)
        : base(context)
    {
        _sets = sets;
        _kind = sets.Kind;
        _pods = Client.Resource("pods");
        _refs = new ControllerRefs(context, _pods);
        _podControl = new PodControl(context);
        ForEach(_sets);
        ForOwners(_pods, _kind);
        ForOrphans(_pods, _sets, SelectorOf);
    }

    /// <summary>Which pods are a set's.</summary>
    protected virtual LabelSelector SelectorOf(Document set) => LabelSelector.FromObject(set.Spec.At("selector"));

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_sets).Find(key) is not { } set)
            return null;
        var claimed = _refs.Claim(set, SelectorOf(set));
        var active = claimed.Where(pod => pod.IsActive()).ToList();
        var terminating = claimed.Count(pod => pod.IsDeleting && !pod.IsEnded());
        var difference = 0;
        var refused = set.IsDeleting ? null : Manage(set, active, out difference);
        if (difference != 0)
        {
            // Counted anew: what was just created or deleted is in the store.
            claimed = _refs.Claim(set, SelectorOf(set));
            active = [.. claimed.Where(pod => pod.IsActive())];
            terminating = claimed.Count(pod => pod.IsDeleting && !pod.IsEnded());
        }
        var minReadySeconds = set.Spec.At("minReadySeconds").Integer() ?? 0;
        WriteStatus(set, active, terminating, minReadySeconds, refused);
        if (refused is { Failure: var failure })
            throw failure;
        return PodReading.UntilNextAvailable(active, minReadySeconds, Now);
    }

    private Refusal? Manage(Document set, List<Document> active, out int difference)
    {
        var wanted = set.Spec.At("replicas").Integer(1);
        difference = active.Count - wanted;
        if (difference < 0)
        {
            var template = set.Spec.At("template");
            var failure = _podControl.CreateSlowStart(set, Math.Min(-difference, BurstReplicas), () => PodTemplate.Pod(set, template));
            if (failure is null && -difference > BurstReplicas)
                Queue.Add(set.Key);
            return failure is null ? null : new Refusal("FailedCreate", failure);
        }
        if (difference == 0)
            return null;
        var order = new PodDeletionOrder(PodDeletionOrder.CountByNode(KinOf(set)), Now);
        try
        {
            foreach (var pod in active.Order(order).Take(Math.Min(difference, BurstReplicas)))
                _podControl.Delete(set, pod);
            return null;
        }
        catch (KubernetesApiException failure)
        {
            return new Refusal("FailedDelete", failure);
        }
    }

    /// <summary>The pods of all sets under the same controller: where those are crowded, one goes first.</summary>
    private IEnumerable<Document> KinOf(Document set)
    {
        var pods = Current(_pods);
        return set.ControllerUid is { } controller
            ? Current(_sets).ControlledBy(controller).SelectMany(sibling => pods.ControlledBy(sibling.Uid))
            : pods.ControlledBy(set.Uid);
    }

    private void WriteStatus(Document set, List<Document> active, int terminating, long minReadySeconds, Refusal? refused)
    {
        var now = Now;
        var templateLabels = set.Spec.At("template", "metadata", "labels").TextMap();
        var status = set.Status.ToObject();
        var before = status.DeepClone();
        status["replicas"] = active.Count;
        Conditions.Count(status, "fullyLabeledReplicas", active.Count(pod => templateLabels.All(label => pod.Labels.GetValueOrDefault(label.Key) == label.Value)));
        var ready = active.FindAll(pod => pod.IsReady());
        Conditions.Count(status, "readyReplicas", ready.Count);
        Conditions.Count(status, "availableReplicas", minReadySeconds == 0 ? ready.Count : ready.Count(pod => pod.IsAvailable(minReadySeconds, now)));
        if (_kind == "ReplicaSet")
            status["terminatingReplicas"] = terminating;
        status["observedGeneration"] = set.Generation();
        // Said once, as there: the next refusal names another pod, and to write that would only call for another try.
        if (refused is not null && Conditions.Find(status, "ReplicaFailure") is null)
            Conditions.Set(status, "ReplicaFailure", "True", refused.Reason, refused.Failure.Message, now);
        else if (refused is null)
            Conditions.Remove(status, "ReplicaFailure");
        if (JsonNode.DeepEquals(status, before))
            return;
        var @object = set.ToObject();
        @object["status"] = status;
        Client.Update(_sets, @object, "status");
    }

    private sealed record Refusal(string Reason, KubernetesApiException Failure);
}
