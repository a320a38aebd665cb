using System.Text.Json.Nodes;

namespace Harness.Kube;

/// <summary>The pod of a workload's manifest: a Pod itself, or the template from which a controller makes pods.</summary>
/// <param name="Metadata">The metadata; null where there is none.</param>
/// <param name="Spec">The spec.</param>
internal sealed record PodTemplate(JsonObject? Metadata, JsonObject Spec)
{
    private static readonly string[] ContainerLists = ["initContainers", "containers", "ephemeralContainers"];

    /// <summary>The containers, init and ephemeral ones included.</summary>
    public IEnumerable<JsonObject> Containers => ContainerLists.SelectMany(list => Spec[list] as JsonArray ?? []).OfType<JsonObject>();

    /// <summary>Finds the pod of an object; null where the kind makes no pods.</summary>
    public static PodTemplate? Find(JsonObject @object)
    {
        var pod = (string?)@object["kind"] switch
        {
            "Pod" => @object,
            "PodTemplate" => @object["template"],
            "CronJob" => @object["spec"]?["jobTemplate"]?["spec"]?["template"],
            _ => @object["spec"]?["template"],
        } as JsonObject;
        return pod?["spec"] is JsonObject spec ? new PodTemplate(pod["metadata"] as JsonObject, spec) : null;
    }
}
