using System.Text.Json.Nodes;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Admission;

/// <summary>
/// Lets pods tolerate nodes that are not ready or unreachable for five minutes, unless they say for how long
/// (<c>plugin/pkg/admission/defaulttolerationseconds</c>).
/// </summary>
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
