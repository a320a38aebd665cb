using System.Globalization;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Deployments;

internal sealed partial class DeploymentController
{
    // deployment/util: these belong to one object and are not copied to its ReplicaSets.
    private static readonly IReadOnlySet<string> NotCopied = new HashSet<string>(StringComparer.Ordinal)
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        DeploymentReading.RevisionAnnotation,
        DeploymentReading.RevisionHistoryAnnotation,
        DeploymentReading.DesiredReplicasAnnotation,
        DeploymentReading.MaxReplicasAnnotation,
        "deprecated.deployment.rollback.to",
    };

    /// <summary>
    /// Finds the ReplicaSet of the current template, brings its annotations and revision up to date, or makes it where asked to. An older set
    /// whose template is asked for again (a rollback) becomes the newest revision.
    /// </summary>
    private (Document Deployment, List<Document> Owned, Document? Fresh) SyncRevision(Document deployment, List<Document> owned, bool create)
    {
        var fresh = FindNew(deployment, owned);
        var maxOld = owned.Where(set => set.Uid != fresh?.Uid).Select(set => set.Revision()).DefaultIfEmpty(0).Max();
        var revision = (maxOld + 1).ToString(CultureInfo.InvariantCulture);
        if (fresh is not null)
        {
            var existing = fresh.ToObject();
            var minReady = deployment.Spec.At("minReadySeconds").Integer() ?? 0;
            var changed = Annotate(deployment, existing, revision, exists: true);
            if (((existing["spec"] as JsonObject).Integer("minReadySeconds") ?? 0) != minReady)
            {
                existing.Ensure("spec")["minReadySeconds"] = minReady;
                changed = true;
            }
            if (changed)
            {
                var updated = Client.Update(_sets, existing);
                owned[owned.IndexOf(fresh)] = updated;
                fresh = updated;
            }
            var found = fresh;
            deployment = SetRevision(deployment, fresh.Annotation(DeploymentReading.RevisionAnnotation) ?? revision);
            if (deployment.ProgressDeadlineSeconds() is not null && !deployment.Condition("Progressing").Exists())
                deployment = Change(deployment, status => Progressing(status, "True", "FoundNewReplicaSet", $"Found new replica set \"{found.Name}\""));
            return (deployment, owned, fresh);
        }
        return create ? CreateNew(deployment, owned, revision) : (deployment, owned, null);
    }

    private (Document, List<Document>, Document?) CreateNew(Document deployment, List<Document> owned, string revision)
    {
        var template = deployment.Spec.At("template");
        var hash = PodTemplate.Hash(template, deployment.Status.At("collisionCount").Integer());
        var pods = template.ToObject();
        pods.Ensure("metadata").Ensure("labels")[DeploymentReading.PodTemplateHash] = hash;
        var selector = deployment.Spec.At("selector").ToObject();
        selector.Ensure("matchLabels")[DeploymentReading.PodTemplateHash] = hash;
        var made = Object(
            ("apiVersion", "apps/v1"),
            ("kind", "ReplicaSet"),
            ("metadata", Object(
                ("name", $"{deployment.Name}-{hash}"),
                ("namespace", deployment.Namespace),
                ("labels", pods["metadata"]!["labels"]!.DeepClone()),
                ("ownerReferences", new JsonArray(OwnerReferences.Controller(deployment))))),
            ("spec", Object(
                ("replicas", 0),
                ("minReadySeconds", deployment.Spec.At("minReadySeconds").Integer() is { } seconds and > 0 ? seconds : null),
                ("selector", selector),
                ("template", pods))));
        var replicas = NewSetReplicas(deployment, owned, 0);
        made.Ensure("spec")["replicas"] = replicas;
        Annotate(deployment, made, revision, exists: false);
        Document created;
        try
        {
            created = Client.Create(_sets, made);
        }
        catch (KubernetesApiException taken) when (taken.Reason == "AlreadyExists")
        {
            var other = Current(_sets).Find(new ObjectKey(deployment.Namespace, $"{deployment.Name}-{hash}"));
            if (other?.ControllerUid == deployment.Uid)
                throw KubernetesApiException.Modified(_sets.GroupResource, other.Name);
            Change(deployment, status =>
            {
                status["collisionCount"] = (status.Integer("collisionCount") ?? 0) + 1;
                return true;
            });
            throw KubernetesApiException.Modified(_deployments.GroupResource, deployment.Name);
        }
        catch (KubernetesApiException refused) when (!PodControl.IsNamespaceTerminating(refused))
        {
            if (deployment.ProgressDeadlineSeconds() is not null)
                Change(deployment, status => Progressing(status, "False", "ReplicaSetCreateError", $"Failed to create new replica set \"{deployment.Name}-{hash}\": {refused.Message}"));
            Context.Events.Warning(deployment, "ReplicaSetCreateError", $"Failed to create new replica set \"{deployment.Name}-{hash}\": {refused.Message}");
            throw;
        }
        if (replicas > 0)
            Context.Events.Normal(deployment, "ScalingReplicaSet", $"Scaled up replica set {created.Name} from 0 to {replicas}");
        deployment = SetRevision(deployment, revision);
        if (deployment.ProgressDeadlineSeconds() is not null)
            deployment = Change(deployment, status => Progressing(status, "True", "NewReplicaSetCreated", $"Created new replica set \"{created.Name}\""));
        return (deployment, [.. owned, created], created);
    }

    private Document SetRevision(Document deployment, string revision)
    {
        if (deployment.Annotation(DeploymentReading.RevisionAnnotation) == revision)
            return deployment;
        var @object = deployment.ToObject();
        @object.Ensure("metadata").Ensure("annotations")[DeploymentReading.RevisionAnnotation] = revision;
        return Client.Update(_deployments, @object);
    }

    /// <summary>Sets what the new ReplicaSet says of its deployment; returns whether anything changed.</summary>
    private static bool Annotate(Document deployment, JsonObject set, string revision, bool exists)
    {
        var annotations = set.Ensure("metadata").Ensure("annotations");
        var before = annotations.DeepClone();
        foreach (var (name, value) in deployment.Metadata.At("annotations").TextMap())
            if (!NotCopied.Contains(name))
                annotations[name] = value;
        var old = annotations.Text(DeploymentReading.RevisionAnnotation);
        var oldNumber = long.TryParse(old, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        if (oldNumber < long.Parse(revision, CultureInfo.InvariantCulture))
        {
            annotations[DeploymentReading.RevisionAnnotation] = revision;
            // The revisions it was before, newest last, so that `rollout history` can tell.
            if (exists && oldNumber > 0)
                annotations[DeploymentReading.RevisionHistoryAnnotation] =
                    annotations.Text(DeploymentReading.RevisionHistoryAnnotation) is { Length: > 0 } history ? $"{history},{old}" : old;
        }
        if (!exists)
            AnnotateReplicas(annotations, deployment);
        return !JsonNode.DeepEquals(annotations, before);
    }

    private static void AnnotateReplicas(JsonObject annotations, Document deployment)
    {
        annotations[DeploymentReading.DesiredReplicasAnnotation] = deployment.Replicas().ToString(CultureInfo.InvariantCulture);
        annotations[DeploymentReading.MaxReplicasAnnotation] = (deployment.Replicas() + deployment.MaxSurge()).ToString(CultureInfo.InvariantCulture);
    }
}
