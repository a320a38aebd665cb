using System.Globalization;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Deployments;

/// <summary>Distributes a changed number of replicas over the ReplicaSets (<c>scale</c> of <c>sync.go</c>).</summary>
internal static class ProportionalScaling
{
    /// <summary>
    /// Gives all replicas to the only ReplicaSet with pods. Of several in a rolling update each gets its share, the larger ones first, so that the
    /// rollout continues.
    /// </summary>
    public static void Scale(DeploymentSync sync)
    {
        var deployment = sync.Deployment;
        var active = sync.ReplicaSets.Where(replicaSet => replicaSet.Replicas() > 0).ToList();
        var newReplicaSet = sync.NewReplicaSet;
        if (active.Count <= 1)
        {
            var only = active.Count == 1 ? active[0] : newReplicaSet ?? (sync.ReplicaSets is [.., var newest] ? newest : null);
            if (only is not null && (only.Replicas() != deployment.Replicas() || only.Uid == newReplicaSet?.Uid))
                sync.ScaleReplicaSet(only, deployment.Replicas());
            return;
        }
        if (newReplicaSet is not null && IsSaturated(deployment, newReplicaSet))
        {
            foreach (var old in active.Where(replicaSet => replicaSet.Uid != newReplicaSet.Uid))
                sync.ScaleReplicaSet(old, 0);
            return;
        }
        if (deployment.IsRollingUpdate())
            ScaleActive(sync, active);
    }

    private static void ScaleActive(DeploymentSync sync, List<Document> active)
    {
        var deployment = sync.Deployment;
        var allowed = deployment.Replicas() > 0 ? deployment.Replicas() + deployment.MaxSurge() : 0;
        var toAdd = allowed - active.Sum(replicaSet => replicaSet.Replicas());
        // Of equal sizes the newer one grows first, the older one shrinks first (ReplicaSetsBySizeNewer, ReplicaSetsBySizeOlder).
        var order = toAdd > 0
            ? active.OrderByDescending(replicaSet => replicaSet.Replicas()).ThenByDescending(replicaSet => replicaSet.Created()).ToList()
            : [.. active.OrderByDescending(replicaSet => replicaSet.Replicas()).ThenBy(replicaSet => replicaSet.Created())];
        var added = 0;
        var scaled = new int[order.Count];
        for (var i = 0; i < order.Count; i++)
        {
            var fraction = toAdd == 0 ? 0 : Fraction(order[i], deployment, toAdd, added);
            scaled[i] = order[i].Replicas() + fraction;
            added += fraction;
        }
        // What rounding left over goes to the largest.
        scaled[0] = Math.Max(0, scaled[0] + toAdd - added);
        for (var i = 0; i < order.Count; i++)
            sync.ScaleReplicaSet(order[i], scaled[i]);
    }

    /// <summary>Returns a ReplicaSet's share of the replicas to add, or, negative, to remove (<c>GetReplicaSetProportion</c>).</summary>
    private static int Fraction(Document replicaSet, Document deployment, int toAdd, int added)
    {
        var allowed = toAdd - added;
        if (replicaSet.Replicas() == 0 || allowed == 0)
            return 0;
        var max = int.TryParse(replicaSet.Annotation(DeploymentAnnotations.MaxReplicas), NumberStyles.None, CultureInfo.InvariantCulture, out var annotated) && annotated > 0
            ? annotated
            : Math.Max(1, deployment.Status.At("replicas").Integer(replicaSet.Replicas()));
        var size = deployment.Replicas() + deployment.MaxSurge();
        var fraction = (int)Math.Round((double)replicaSet.Replicas() * size / max, MidpointRounding.AwayFromZero) - replicaSet.Replicas();
        return toAdd > 0 ? Math.Clamp(fraction, 0, allowed) : Math.Clamp(fraction, allowed, 0);
    }

    private static bool IsSaturated(Document deployment, Document replicaSet) =>
        replicaSet.Replicas() == deployment.Replicas()
        && replicaSet.Annotation(DeploymentAnnotations.DesiredReplicas) == deployment.Replicas().ToString(CultureInfo.InvariantCulture)
        && replicaSet.StatusCount("availableReplicas") == deployment.Replicas();
}
