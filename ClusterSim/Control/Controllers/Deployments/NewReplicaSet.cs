using System.Globalization;
using System.Text.Json.Nodes;
using ClusterSim.Objects;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Deployments;

/// <summary>Brings the ReplicaSet of the current template up to date, or creates it (<c>getNewReplicaSet</c> of <c>sync.go</c>).</summary>
internal static class NewReplicaSet
{
    /// <summary>
    /// Gives the ReplicaSet of the template the newest revision; that of an older template which is used again (a rollback) too. Creates it if there
    /// is none and <paramref name="create"/> is set.
    /// </summary>
    public static void Sync(DeploymentSync sync, bool create)
    {
        var revision = (sync.OldReplicaSets.Select(replicaSet => replicaSet.Revision()).DefaultIfEmpty(0).Max() + 1).ToString(CultureInfo.InvariantCulture);
        if (sync.NewReplicaSet is { } existing)
            Update(sync, existing, revision);
        else if (create)
            Create(sync, revision);
    }

    private static void Update(DeploymentSync sync, Document existing, string revision)
    {
        var updated = existing.ToObject();
        var minReadySeconds = sync.Deployment.Spec.At("minReadySeconds").Integer() ?? 0;
        var changed = DeploymentAnnotations.SetNewReplicaSet(updated, sync.Deployment, revision, exists: true);
        if (((updated["spec"] as JsonObject).Integer("minReadySeconds") ?? 0) != minReadySeconds)
        {
            updated.Ensure("spec")["minReadySeconds"] = minReadySeconds;
            changed = true;
        }
        if (changed)
            sync.UpdateReplicaSet(updated);
        sync.SetRevision(sync.NewReplicaSet!.Annotation(DeploymentAnnotations.Revision) ?? revision);
        if (sync.Deployment.ProgressDeadlineSeconds() is not null && !sync.Deployment.Condition(DeploymentProgress.Condition).Exists())
            DeploymentProgress.Set(sync, "True", "FoundNewReplicaSet", $"Found new replica set \"{existing.Name}\"");
    }

    private static void Create(DeploymentSync sync, string revision)
    {
        var deployment = sync.Deployment;
        var template = deployment.Spec.At("template");
        var hash = PodTemplate.Hash(template, deployment.Status.At("collisionCount").Integer());
        var name = $"{deployment.Name}-{hash}";
        var replicas = RollingUpdate.NewReplicas(sync, 0);
        var replicaSet = Build(deployment, name, hash, replicas);
        DeploymentAnnotations.SetNewReplicaSet(replicaSet, deployment, revision, exists: false);
        var reportsProgress = deployment.ProgressDeadlineSeconds() is not null;
        try
        {
            sync.CreateReplicaSet(replicaSet);
        }
        catch (KubernetesApiException ex) when (ex.Reason == "AlreadyExists")
        {
            throw HandleHashCollision(sync, name);
        }
        catch (KubernetesApiException ex) when (!PodControl.IsNamespaceTerminating(ex))
        {
            var message = $"Failed to create new replica set \"{name}\": {ex.Message}";
            if (reportsProgress)
                DeploymentProgress.Set(sync, "False", "ReplicaSetCreateError", message);
            sync.Context.Events.Warning(deployment, "ReplicaSetCreateError", message);
            throw;
        }
        if (replicas > 0)
            sync.Context.Events.Normal(deployment, "ScalingReplicaSet", $"Scaled up replica set {name} from 0 to {replicas}");
        sync.SetRevision(revision);
        if (reportsProgress)
            DeploymentProgress.Set(sync, "True", "NewReplicaSetCreated", $"Created new replica set \"{name}\"");
    }

    /// <summary>
    /// Returns the conflict that has the reconcile repeated. If the name belongs to another owner's ReplicaSet, the collision count changes the hash.
    /// </summary>
    private static KubernetesApiException HandleHashCollision(DeploymentSync sync, string name)
    {
        var deployment = sync.Deployment;
        if (sync.FindReplicaSet(name) is { } other && other.ControllerUid == deployment.Uid)
            return KubernetesApiException.Modified(other.Resource, other.Name);
        sync.ChangeStatus(status =>
        {
            status["collisionCount"] = (status.Integer("collisionCount") ?? 0) + 1;
            return true;
        });
        return KubernetesApiException.Modified(deployment.Resource, deployment.Name);
    }

    private static JsonObject Build(Document deployment, string name, string hash, int replicas)
    {
        var template = deployment.Spec.At("template").ToObject();
        template.Ensure("metadata").Ensure("labels")[DeploymentAnnotations.PodTemplateHash] = hash;
        var selector = deployment.Spec.At("selector").ToObject();
        selector.Ensure("matchLabels")[DeploymentAnnotations.PodTemplateHash] = hash;
        return Object(
            ("apiVersion", "apps/v1"),
            ("kind", "ReplicaSet"),
            ("metadata", Object(
                ("name", name),
                ("namespace", deployment.Namespace),
                ("labels", template["metadata"]!["labels"]!.DeepClone()),
                ("ownerReferences", new JsonArray(OwnerReferences.Controller(deployment))))),
            ("spec", Object(
                ("replicas", replicas),
                ("minReadySeconds", deployment.Spec.At("minReadySeconds").Integer() is { } seconds and > 0 ? seconds : null),
                ("selector", selector),
                ("template", template))));
    }
}
