using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Deployments;

/// <summary>
/// One reconcile of a Deployment (<c>sync.go</c>): the Deployment and its ReplicaSets as they were read, brought up to date with what the reconcile
/// writes.
/// </summary>
internal sealed class DeploymentSync
{
    private readonly ApiClient _client;
    private readonly ResourceType _deployments;
    private readonly ResourceType _replicaSets;
    private readonly ResourceType _pods;
    private readonly List<Document> _owned;
    private string? _newUid;

    /// <summary>Starts a reconcile of a Deployment that owns these ReplicaSets.</summary>
    public DeploymentSync(ControllerContext context, Document deployment, IEnumerable<Document> replicaSets)
    {
        Context = context;
        _client = context.Client;
        _deployments = _client.Resource("deployments", "apps");
        _replicaSets = _client.Resource("replicasets", "apps");
        _pods = _client.Resource("pods");
        Deployment = deployment;
        _owned = [.. replicaSets.OrderBy(replicaSet => replicaSet.Created()).ThenBy(replicaSet => replicaSet.Name, StringComparer.Ordinal)];
        var template = deployment.Spec.At("template");
        _newUid = _owned.Find(replicaSet => PodTemplate.EqualIgnoring(DeploymentAnnotations.PodTemplateHash, replicaSet.Spec.At("template"), template))?.Uid;
    }

    /// <summary>What the controller works with.</summary>
    public ControllerContext Context { get; }

    /// <summary>The time.</summary>
    public DateTimeOffset Now => Context.Clock.GetUtcNow();

    /// <summary>The Deployment.</summary>
    public Document Deployment { get; private set; }

    /// <summary>Its ReplicaSets, oldest first.</summary>
    public IReadOnlyList<Document> ReplicaSets => _owned;

    /// <summary>The ReplicaSet of the Deployment's template, or null (<c>FindNewReplicaSet</c>).</summary>
    public Document? NewReplicaSet => _newUid is null ? null : _owned.Find(replicaSet => replicaSet.Uid == _newUid);

    /// <summary>The ReplicaSets of other templates.</summary>
    public IEnumerable<Document> OldReplicaSets => _owned.Where(replicaSet => replicaSet.Uid != _newUid);

    /// <summary>Returns the ReplicaSet with this name as it is now, or null.</summary>
    public Document? FindReplicaSet(string name) => Current(_replicaSets).Find(new ObjectKey(Deployment.Namespace, name));

    /// <summary>Returns the pods of a ReplicaSet as they are now.</summary>
    public IEnumerable<Document> PodsOf(Document replicaSet) => Current(_pods).ControlledBy(replicaSet.Uid);

    /// <summary>Creates the ReplicaSet of the Deployment's template.</summary>
    public Document CreateReplicaSet(JsonObject replicaSet)
    {
        var created = _client.Create(_replicaSets, replicaSet);
        _owned.Add(created);
        _newUid = created.Uid;
        return created;
    }

    /// <summary>Writes a ReplicaSet.</summary>
    public void UpdateReplicaSet(JsonObject replicaSet)
    {
        var updated = _client.Update(_replicaSets, replicaSet);
        var index = _owned.FindIndex(one => one.Uid == updated.Uid);
        if (index >= 0)
            _owned[index] = updated;
    }

    /// <summary>Deletes a ReplicaSet, if it is still the same object.</summary>
    public void DeleteReplicaSet(Document replicaSet) =>
        _client.Delete(_replicaSets, replicaSet.Key, new DeleteOptions { PreconditionUid = replicaSet.Uid });

    /// <summary>Sets a ReplicaSet's replicas and the annotations derived from the Deployment's; returns whether the number changed (<c>scaleReplicaSet</c>).</summary>
    public bool ScaleReplicaSet(Document replicaSet, int replicas)
    {
        var @object = replicaSet.ToObject();
        var annotations = @object.Ensure("metadata").Ensure("annotations");
        var before = annotations.DeepClone();
        DeploymentAnnotations.SetReplicas(annotations, Deployment);
        var current = replicaSet.Replicas();
        if (current == replicas && JsonNode.DeepEquals(annotations, before))
            return false;
        @object.Ensure("spec")["replicas"] = replicas;
        UpdateReplicaSet(@object);
        if (current == replicas)
            return false;
        var direction = replicas > current ? "up" : "down";
        Context.Events.Normal(Deployment, "ScalingReplicaSet", $"Scaled {direction} replica set {replicaSet.Name} from {current} to {replicas}");
        return true;
    }

    /// <summary>Sets the Deployment's revision annotation.</summary>
    public void SetRevision(string revision)
    {
        if (Deployment.Annotation(DeploymentAnnotations.Revision) == revision)
            return;
        var @object = Deployment.ToObject();
        @object.Ensure("metadata").Ensure("annotations")[DeploymentAnnotations.Revision] = revision;
        Deployment = _client.Update(_deployments, @object);
    }

    /// <summary>Changes the Deployment's status; writes it if <paramref name="change"/> returns true.</summary>
    public void ChangeStatus(Func<JsonObject, bool> change)
    {
        var @object = Deployment.ToObject();
        if (change(@object.Ensure("status")))
            Deployment = _client.Update(_deployments, @object, "status");
    }

    /// <summary>Writes the Deployment's status.</summary>
    public void WriteStatus(JsonObject status)
    {
        var @object = Deployment.ToObject();
        @object["status"] = status;
        Deployment = _client.Update(_deployments, @object, "status");
    }

    /// <summary>Reads the Deployment again, unless it was deleted.</summary>
    public void Refresh()
    {
        if (Current(_deployments).Find(Deployment.Key) is { } current && current.Uid == Deployment.Uid)
            Deployment = current;
    }

    private StoreSnapshot Current(ResourceType resource) => _client.Server.Store.Current(resource.GroupResource);
}
