using System.Text.Json.Nodes;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Admission;

/// <summary>Taints new nodes not-ready, until the node lifecycle controller removes the taint (<c>plugin/pkg/admission/nodetaint</c>).</summary>
internal sealed class TaintNodesByCondition : AdmissionPlugin
{
    private static readonly GroupResource Nodes = new("", "nodes");

    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        if (!Is(request, Nodes, Create))
            return;
        var spec = request.Object!.Ensure("spec");
        if (spec["taints"] is not JsonArray taints)
            spec["taints"] = taints = [];
        if (!taints.OfType<JsonObject>().Any(taint => taint.Text("key") == "node.kubernetes.io/not-ready" && taint.Text("effect") == "NoSchedule"))
            taints.Add(Object(("key", "node.kubernetes.io/not-ready"), ("effect", "NoSchedule")));
    }
}
