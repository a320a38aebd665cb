using System.Globalization;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Deployments;

/// <summary>What a Deployment and its ReplicaSets say (<c>deployment/util</c>).</summary>
internal static class DeploymentReading
{
    public const string RevisionAnnotation = "deployment.kubernetes.io/revision";
    public const string RevisionHistoryAnnotation = "deployment.kubernetes.io/revision-history";
    public const string DesiredReplicasAnnotation = "deployment.kubernetes.io/desired-replicas";
    public const string MaxReplicasAnnotation = "deployment.kubernetes.io/max-replicas";
    public const string PodTemplateHash = "pod-template-hash";

    /// <summary><c>spec.replicas</c>.</summary>
    public static int Replicas(this Document set) => set.Spec.At("replicas").Integer(1);

    /// <summary>The revision a ReplicaSet or Deployment says it is; 0 for none.</summary>
    public static long Revision(this Document set) =>
        long.TryParse(set.Annotation(RevisionAnnotation), NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : 0;

    /// <summary>Whether it replaces pods gradually.</summary>
    public static bool IsRollingUpdate(this Document deployment) => deployment.Spec.At("strategy", "type").Text("RollingUpdate") == "RollingUpdate";

    /// <summary>How many pods more than wanted there may be; rounded up.</summary>
    public static int MaxSurge(this Document deployment) =>
        deployment.IsRollingUpdate() ? Fenceposts(deployment).Surge : 0;

    /// <summary>How many pods fewer than wanted may be available; rounded down, and one where nothing could move otherwise.</summary>
    public static int MaxUnavailable(this Document deployment)
    {
        if (!deployment.IsRollingUpdate() || deployment.Replicas() == 0)
            return 0;
        return Math.Min(Fenceposts(deployment).Unavailable, deployment.Replicas());
    }

    /// <summary>Whether a deadline for progress is set (2^31-1 is "none").</summary>
    public static long? ProgressDeadlineSeconds(this Document deployment) =>
        deployment.Spec.At("progressDeadlineSeconds").Integer() is { } seconds and not int.MaxValue ? seconds : null;

    /// <summary>A count of the ReplicaSet's status.</summary>
    public static int StatusCount(this Document set, string name) => set.Status.At(name).Integer(0);

    private static (int Surge, int Unavailable) Fenceposts(Document deployment)
    {
        var rolling = deployment.Spec.At("strategy", "rollingUpdate");
        var surge = IntOrPercent.Of(rolling.At("maxSurge"), deployment.Replicas(), roundUp: true);
        var unavailable = IntOrPercent.Of(rolling.At("maxUnavailable"), deployment.Replicas(), roundUp: false);
        return surge == 0 && unavailable == 0 ? (0, 1) : (surge, unavailable);
    }
}
