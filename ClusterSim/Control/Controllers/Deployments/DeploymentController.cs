using System.Globalization;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Deployments;

/// <summary>
/// Rolls a template out through ReplicaSets (<c>pkg/controller/deployment</c>). One reconcile: claim the ReplicaSets; a paused deployment or
/// one that was scaled only scales; otherwise its strategy moves pods from the old sets to the new one, within surge and availability.
/// </summary>
internal sealed partial class DeploymentController : Controller
{
    private readonly ControllerRefs _refs;
    private readonly ResourceType _deployments;
    private readonly ResourceType _sets;
    private readonly ResourceType _pods;

    /// <summary>A controller of Deployments.</summary>
    public DeploymentController(ControllerContext context)
        : base(context)
    {
        _deployments = Client.Resource("deployments", "apps");
        _sets = Client.Resource("replicasets", "apps");
        _pods = Client.Resource("pods");
        _refs = new ControllerRefs(context, _sets);
        ForEach(_deployments);
        ForOwners(_sets, "Deployment");
        ForOrphans(_sets, _deployments, deployment => LabelSelector.FromObject(deployment.Spec.At("selector")));
        // Recreate waits for the last old pod to be gone: its set's status may not change any more when it goes.
        context.Informers.Handle(_pods, change =>
        {
            if (change.Change == StoreChange.Deleted
                && OwnerReferences.ControllerOf(change.Document) is { Kind: "ReplicaSet" } set
                && Current(_sets).Find(new ObjectKey(change.Document.Namespace, set.Name)) is { } found
                && OwnerReferences.ControllerOf(found) is { Kind: "Deployment" } deployment)
                Queue.Add(new ObjectKey(found.Namespace, deployment.Name));
        });
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_deployments).Find(key) is not { } deployment)
            return null;
        var selector = LabelSelector.FromObject(deployment.Spec.At("selector"));
        if (selector.IsEmpty)
        {
            Context.Events.Warning(deployment, "SelectingAll", "This deployment is selecting all pods. A non-empty selector is required.");
            return null;
        }
        var owned = _refs.Claim(deployment, selector);
        owned.Sort(OlderFirst);
        if (deployment.IsDeleting)
            return WriteStatus(deployment, owned, FindNew(deployment, owned), progress: false);
        deployment = NotePause(deployment);
        if (deployment.Spec.At("paused").Flag(false) || WasScaled(deployment, owned))
            return Scale(deployment, owned);
        return deployment.IsRollingUpdate() ? RollingUpdate(deployment, owned) : Recreate(deployment, owned);
    }

    /// <summary>While paused the clock of the progress deadline stands still: the Progressing condition says so.</summary>
    private Document NotePause(Document deployment)
    {
        if (deployment.ProgressDeadlineSeconds() is null)
            return deployment;
        var progressing = deployment.Condition("Progressing");
        if (progressing.At("reason").Text() == "ProgressDeadlineExceeded")
            return deployment;
        var paused = deployment.Spec.At("paused").Flag(false);
        var noted = progressing.At("reason").Text() == "DeploymentPaused";
        if (paused == noted)
            return deployment;
        return Change(deployment, status => Progressing(
            status, "Unknown", paused ? "DeploymentPaused" : "DeploymentResumed", paused ? "Deployment is paused" : "Deployment is resumed"));
    }

    private static bool WasScaled(Document deployment, List<Document> owned) => owned.Exists(set =>
        set.Replicas() > 0
        && int.TryParse(set.Annotation(DeploymentReading.DesiredReplicasAnnotation), NumberStyles.None, CultureInfo.InvariantCulture, out var desired)
        && desired != deployment.Replicas());

    private TimeSpan? Scale(Document deployment, List<Document> owned)
    {
        (deployment, owned, var fresh) = SyncRevision(deployment, owned, create: false);
        owned = ScaleProportionally(deployment, owned, fresh);
        if (deployment.Spec.At("paused").Flag(false))
            CleanUp(deployment, owned, fresh);
        return WriteStatus(deployment, owned, FindNew(deployment, owned), progress: false);
    }

    private TimeSpan? RollingUpdate(Document deployment, List<Document> owned)
    {
        (deployment, owned, var fresh) = SyncRevision(deployment, owned, create: true);
        var scaled = ScaleNew(deployment, owned, fresh!) || ScaleDownOld(deployment, owned, fresh!);
        return Finish(deployment, owned, scaled);
    }

    private TimeSpan? Recreate(Document deployment, List<Document> owned)
    {
        (deployment, owned, var fresh) = SyncRevision(deployment, owned, create: false);
        var scaled = false;
        foreach (var old in owned.Where(set => set.Uid != fresh?.Uid && set.Replicas() > 0).ToList())
            scaled |= ScaleTo(deployment, owned, old, 0);
        if (scaled)
            return WriteStatus(deployment, owned, fresh, progress: true);
        // Old pods that still run (or are ending) hold the new ones back.
        var stillThere = owned.Where(set => set.Uid != fresh?.Uid).SelectMany(set => Current(_pods).ControlledBy(set.Uid)).Any(pod => !pod.IsEnded());
        if (stillThere)
            return WriteStatus(deployment, owned, fresh, progress: true);
        (deployment, owned, fresh) = SyncRevision(deployment, owned, create: true);
        scaled = ScaleTo(deployment, owned, fresh!, deployment.Replicas());
        return Finish(deployment, owned, scaled);
    }

    private TimeSpan? Finish(Document deployment, List<Document> owned, bool scaled)
    {
        var fresh = FindNew(deployment, owned);
        if (!scaled && IsComplete(deployment, deployment.Status.ToObject()))
            CleanUp(deployment, owned, fresh);
        return WriteStatus(deployment, owned, fresh, progress: true);
    }

    /// <summary>Old sets without pods, beyond the history limit, go; the oldest revision first.</summary>
    private void CleanUp(Document deployment, List<Document> owned, Document? fresh)
    {
        var limit = deployment.Spec.At("revisionHistoryLimit").Integer(10);
        if (limit == int.MaxValue)
            return;
        var cleanable = owned.Where(set => set.Uid != fresh?.Uid && !set.IsDeleting).OrderBy(set => set.Revision()).ThenBy(set => set.Created()).ToList();
        foreach (var set in cleanable.Take(Math.Max(0, cleanable.Count - limit)))
            if (set.StatusCount("replicas") == 0 && set.Replicas() == 0 && set.Generation() <= (set.Status.At("observedGeneration").Integer() ?? 0))
                Client.Delete(_sets, set.Key, new DeleteOptions { PreconditionUid = set.Uid });
    }

    private static int OlderFirst(Document one, Document other)
    {
        var order = one.Created().CompareTo(other.Created());
        return order != 0 ? order : string.CompareOrdinal(one.Name, other.Name);
    }

    private static Document? FindNew(Document deployment, List<Document> owned) =>
        owned.Find(set => PodTemplate.EqualIgnoring(DeploymentReading.PodTemplateHash, set.Spec.At("template"), deployment.Spec.At("template")));

    private Document Change(Document deployment, Func<JsonObject, bool> status)
    {
        var @object = deployment.ToObject();
        return status(@object.Ensure("status")) ? Client.Update(_deployments, @object, "status") : deployment;
    }

    private bool Progressing(JsonObject status, string value, string reason, string message)
    {
        var now = Now;
        return Conditions.Set(status, "Progressing", value, reason, message, now, ("lastUpdateTime", now.Stamp()));
    }
}
