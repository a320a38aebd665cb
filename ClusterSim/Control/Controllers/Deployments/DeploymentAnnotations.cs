using System.Globalization;
using System.Text.Json.Nodes;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Deployments;

/// <summary>The annotations and labels that the controller keeps on Deployments and ReplicaSets (<c>deployment/util</c>).</summary>
internal static class DeploymentAnnotations
{
    /// <summary>The revision of the template.</summary>
    public const string Revision = "deployment.kubernetes.io/revision";

    /// <summary>Earlier revisions of the same template.</summary>
    public const string RevisionHistory = "deployment.kubernetes.io/revision-history";

    /// <summary>The replicas of the Deployment when the ReplicaSet was scaled last.</summary>
    public const string DesiredReplicas = "deployment.kubernetes.io/desired-replicas";

    /// <summary>The replicas of the Deployment with its surge when the ReplicaSet was scaled last.</summary>
    public const string MaxReplicas = "deployment.kubernetes.io/max-replicas";

    /// <summary>The label with the hash of the template.</summary>
    public const string PodTemplateHash = "pod-template-hash";

    // annotationsToSkip: these belong to one object and are not copied to its ReplicaSets.
    private static readonly IReadOnlySet<string> NotCopied = new HashSet<string>(StringComparer.Ordinal)
    {
        "kubectl.kubernetes.io/last-applied-configuration", Revision, RevisionHistory, DesiredReplicas, MaxReplicas, "deprecated.deployment.rollback.to",
    };

    /// <summary>
    /// Copies the Deployment's annotations to the new ReplicaSet and raises its revision to this one; returns whether anything changed
    /// (<c>SetNewReplicaSetAnnotations</c>).
    /// </summary>
    public static bool SetNewReplicaSet(JsonObject replicaSet, Document deployment, string revision, bool exists)
    {
        var annotations = replicaSet.Ensure("metadata").Ensure("annotations");
        var before = annotations.DeepClone();
        foreach (var (name, value) in deployment.Metadata.At("annotations").TextMap())
            if (!NotCopied.Contains(name))
                annotations[name] = value;
        var old = annotations.Text(Revision);
        var oldNumber = long.TryParse(old, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
        if (oldNumber < long.Parse(revision, CultureInfo.InvariantCulture))
        {
            annotations[Revision] = revision;
            if (exists && oldNumber > 0)
                annotations[RevisionHistory] = annotations.Text(RevisionHistory) is { Length: > 0 } history ? $"{history},{old}" : old;
        }
        if (!exists)
            SetReplicas(annotations, deployment);
        return !JsonNode.DeepEquals(annotations, before);
    }

    /// <summary>Sets the annotations that are derived from the Deployment's replicas (<c>SetReplicasAnnotations</c>).</summary>
    public static void SetReplicas(JsonObject annotations, Document deployment)
    {
        annotations[DesiredReplicas] = deployment.Replicas().ToString(CultureInfo.InvariantCulture);
        annotations[MaxReplicas] = (deployment.Replicas() + deployment.MaxSurge()).ToString(CultureInfo.InvariantCulture);
    }
}
