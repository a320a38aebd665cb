using System.Globalization;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Deployments;

internal sealed partial class DeploymentController
{
    /// <summary>How many replicas the new set may have now: as many as the surge leaves room for (<c>NewRSNewReplicas</c>).</summary>
    private static int NewSetReplicas(Document deployment, List<Document> owned, int current)
    {
        if (!deployment.IsRollingUpdate())
            return deployment.Replicas();
        // Pods that an old set has yet to delete count too, so that the surge holds at every instant and not only in what is asked for.
        var total = owned.Sum(set => Math.Max(set.Replicas(), set.StatusCount("replicas")));
        var max = deployment.Replicas() + deployment.MaxSurge();
        return total >= max ? current : current + Math.Min(max - total, deployment.Replicas() - current);
    }

    private bool ScaleNew(Document deployment, List<Document> owned, Document fresh)
    {
        if (fresh.Replicas() == deployment.Replicas())
            return false;
        var replicas = fresh.Replicas() > deployment.Replicas() ? deployment.Replicas() : NewSetReplicas(deployment, owned, fresh.Replicas());
        return ScaleTo(deployment, owned, fresh, replicas);
    }

    /// <summary>Takes pods from the old sets: first those that are not healthy anyway, then as many as availability allows.</summary>
    private bool ScaleDownOld(Document deployment, List<Document> owned, Document fresh)
    {
        var old = owned.Where(set => set.Uid != fresh.Uid && set.Replicas() > 0).ToList();
        if (old.Count == 0)
            return false;
        var minAvailable = deployment.Replicas() - deployment.MaxUnavailable();
        var newUnavailable = fresh.Replicas() - fresh.StatusCount("availableReplicas");
        var maxScaledDown = owned.Sum(set => set.Replicas()) - minAvailable - newUnavailable;
        if (maxScaledDown <= 0)
            return false;

        var unhealthyGone = 0;
        foreach (var set in old.ToList())
        {
            if (unhealthyGone >= maxScaledDown)
                break;
            var unhealthy = set.Replicas() - set.StatusCount("availableReplicas");
            if (unhealthy <= 0 || set.Replicas() == 0)
                continue;
            var take = Math.Min(maxScaledDown - unhealthyGone, unhealthy);
            ScaleTo(deployment, owned, set, set.Replicas() - take);
            unhealthyGone += take;
        }

        // Of a set that has yet to delete some, only those it keeps: the others are as good as gone, and would be counted on twice.
        var available = owned.Sum(set => Math.Min(set.Replicas(), set.StatusCount("availableReplicas")));
        var left = available - minAvailable;
        var scaledDown = 0;
        foreach (var set in owned.Where(set => set.Uid != fresh.Uid && set.Replicas() > 0).ToList())
        {
            if (scaledDown >= left)
                break;
            var take = Math.Min(set.Replicas(), left - scaledDown);
            ScaleTo(deployment, owned, set, set.Replicas() - take);
            scaledDown += take;
        }
        return unhealthyGone + scaledDown > 0;
    }

    /// <summary>
    /// After the deployment's own replicas changed: one active set takes all; with several of a rolling update each takes its share, the
    /// larger (of equals the newer, or the older when shrinking) first, so that a rollout under way goes on (<c>deployment.scale</c>).
    /// </summary>
    private List<Document> ScaleProportionally(Document deployment, List<Document> owned, Document? fresh)
    {
        var active = owned.Where(set => set.Replicas() > 0).ToList();
        if (active.Count <= 1)
        {
            var only = active.Count == 1 ? active[0] : fresh ?? owned.LastOrDefault();
            if (only is not null && (only.Replicas() != deployment.Replicas() || only.Uid == fresh?.Uid))
                ScaleTo(deployment, owned, only, deployment.Replicas());
            return owned;
        }
        if (fresh is not null && IsSaturated(deployment, fresh))
        {
            foreach (var old in active.Where(set => set.Uid != fresh.Uid))
                ScaleTo(deployment, owned, old, 0);
            return owned;
        }
        if (!deployment.IsRollingUpdate())
            return owned;

        var total = active.Sum(set => set.Replicas());
        var allowed = deployment.Replicas() > 0 ? deployment.Replicas() + deployment.MaxSurge() : 0;
        var toAdd = allowed - total;
        var order = toAdd > 0
            ? active.OrderByDescending(set => set.Replicas()).ThenByDescending(set => set.Created()).ToList()
            : [.. active.OrderByDescending(set => set.Replicas()).ThenBy(set => set.Created())];
        var added = 0;
        var shares = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var set in order)
        {
            var share = toAdd == 0 ? 0 : Share(set, deployment, toAdd, added);
            shares[set.Name] = set.Replicas() + share;
            added += share;
        }
        for (var i = 0; i < order.Count; i++)
        {
            var replicas = shares[order[i].Name];
            if (i == 0)
                replicas = Math.Max(0, replicas + toAdd - added);
            ScaleTo(deployment, owned, order[i], replicas);
        }
        return owned;
    }

    private static int Share(Document set, Document deployment, int toAdd, int added)
    {
        var allowed = toAdd - added;
        if (set.Replicas() == 0 || allowed == 0)
            return 0;
        var max = int.TryParse(set.Annotation(DeploymentReading.MaxReplicasAnnotation), NumberStyles.None, CultureInfo.InvariantCulture, out var annotated) && annotated > 0
            ? annotated
            : Math.Max(1, deployment.Status.At("replicas").Integer(set.Replicas()));
        var size = deployment.Replicas() + deployment.MaxSurge();
        var share = (int)Math.Round((double)set.Replicas() * size / max, MidpointRounding.AwayFromZero) - set.Replicas();
        return toAdd > 0 ? Math.Clamp(share, 0, allowed) : Math.Clamp(share, allowed, 0);
    }

    private static bool IsSaturated(Document deployment, Document set) =>
        set.Replicas() == deployment.Replicas()
        && set.Annotation(DeploymentReading.DesiredReplicasAnnotation) == deployment.Replicas().ToString(CultureInfo.InvariantCulture)
        && set.StatusCount("availableReplicas") == deployment.Replicas();

    /// <summary>Sets a set's replicas, and what it says of the deployment; returns whether the number changed.</summary>
    private bool ScaleTo(Document deployment, List<Document> owned, Document set, int replicas)
    {
        var @object = set.ToObject();
        var annotations = @object.Ensure("metadata").Ensure("annotations");
        var before = annotations.DeepClone();
        AnnotateReplicas(annotations, deployment);
        var from = set.Replicas();
        if (from == replicas && JsonNode.DeepEquals(annotations, before))
            return false;
        @object.Ensure("spec")["replicas"] = replicas;
        var updated = Client.Update(_sets, @object);
        var index = owned.FindIndex(one => one.Uid == set.Uid);
        if (index >= 0)
            owned[index] = updated;
        if (from == replicas)
            return false;
        Context.Events.Normal(deployment, "ScalingReplicaSet", $"Scaled {(replicas > from ? "up" : "down")} replica set {set.Name} from {from} to {replicas}");
        return true;
    }
}
