using System.Text.Json.Nodes;
using ClusterSim.Objects;

namespace ClusterSim.Manifests;

/// <summary>Finds pod specs wherever a kind keeps them.</summary>
internal static class PodSpecs
{
    /// <summary>The pod spec of a Pod, or of a workload's template; null where the kind has none.</summary>
    public static JsonObject? Of(JsonObject @object) => (string?)@object["kind"] switch
    {
        "Pod" => @object["spec"] as JsonObject,
        "PodTemplate" => @object["template"]?["spec"] as JsonObject,
        "CronJob" => @object["spec"]?["jobTemplate"]?["spec"]?["template"]?["spec"] as JsonObject,
        _ => @object["spec"]?["template"]?["spec"] as JsonObject,
    };

    /// <summary>The containers of a pod spec, init and ephemeral ones included.</summary>
    public static IEnumerable<JsonObject> Containers(JsonObject podSpec) => podSpec.VisitContainers(ContainerType.AllContainers);
}
