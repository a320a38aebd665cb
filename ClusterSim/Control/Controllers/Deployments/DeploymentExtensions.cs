using System.Globalization;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Deployments;

/// <summary>Reads fields of a Deployment and its ReplicaSets (<c>deployment/util</c>).</summary>
internal static class DeploymentExtensions
{
    /// <summary>Returns <c>spec.replicas</c>.</summary>
    public static int Replicas(this Document @object) => @object.Spec.At("replicas").Integer(1);

    /// <summary>Returns whether the Deployment is paused.</summary>
    public static bool IsPaused(this Document deployment) => deployment.Spec.At("paused").Flag(false);

    /// <summary>Returns the revision annotation; 0 if there is none.</summary>
    public static long Revision(this Document @object) =>
        long.TryParse(@object.Annotation(DeploymentAnnotations.Revision), NumberStyles.None, CultureInfo.InvariantCulture, out var revision) ? revision : 0;

    /// <summary>Returns whether the strategy is RollingUpdate.</summary>
    public static bool IsRollingUpdate(this Document deployment) => deployment.Spec.At("strategy", "type").Text("RollingUpdate") == "RollingUpdate";

    /// <summary>Returns the number of pods above the replicas that a rolling update may create.</summary>
    public static int MaxSurge(this Document deployment) => deployment.IsRollingUpdate() ? ResolveFenceposts(deployment).Surge : 0;

    /// <summary>Returns the number of pods that may be unavailable during a rolling update.</summary>
    public static int MaxUnavailable(this Document deployment)
    {
        if (!deployment.IsRollingUpdate() || deployment.Replicas() == 0)
            return 0;
        return Math.Min(ResolveFenceposts(deployment).Unavailable, deployment.Replicas());
    }

    /// <summary>Returns <c>spec.progressDeadlineSeconds</c>, or null if there is no deadline (absent, or 2^31-1).</summary>
    public static long? ProgressDeadlineSeconds(this Document deployment) =>
        deployment.Spec.At("progressDeadlineSeconds").Integer() is { } seconds and not int.MaxValue ? seconds : null;

    /// <summary>Returns a number of the status; 0 if it is absent.</summary>
    public static int StatusCount(this Document @object, string name) => @object.Status.At(name).Integer(0);

    // ResolveFenceposts: at least one of the two is not 0, or nothing could move.
    private static (int Surge, int Unavailable) ResolveFenceposts(Document deployment)
    {
        var rolling = deployment.Spec.At("strategy", "rollingUpdate");
        var surge = IntOrPercent.Of(rolling.At("maxSurge"), deployment.Replicas(), roundUp: true);
        var unavailable = IntOrPercent.Of(rolling.At("maxUnavailable"), deployment.Replicas(), roundUp: false);
        return surge == 0 && unavailable == 0 ? (0, 1) : (surge, unavailable);
    }
}
