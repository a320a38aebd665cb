using System.Text.Json.Nodes;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Admission;

/// <summary>New nodes take no pods until something (the node lifecycle controller) says that they are ready.</summary>
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

/// <summary>Pods stay for five minutes on a node that is not ready or out of reach, unless they say for how long.</summary>
internal sealed class DefaultTolerationSeconds : AdmissionPlugin
{
    private const int Seconds = 300;

    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        if (!Is(request, Pods, Create) && !Is(request, Pods, Update))
            return;
        var spec = request.Object!.Ensure("spec");
        foreach (var key in (ReadOnlySpan<string>)["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"])
        {
            var tolerations = spec["tolerations"] as JsonArray;
            if (tolerations is not null && tolerations.OfType<JsonObject>().Any(toleration => Tolerates(toleration, key)))
                continue;
            if (tolerations is null)
                spec["tolerations"] = tolerations = [];
            tolerations.Add(Object(("key", key), ("operator", "Exists"), ("effect", "NoExecute"), ("tolerationSeconds", Seconds)));
        }
    }

    private static bool Tolerates(JsonObject toleration, string key) =>
        (string.IsNullOrEmpty(toleration.Text("key")) || toleration.Text("key") == key)
        && (toleration.Text("effect") is null or "" or "NoExecute");
}
