using System.Text.Json.Nodes;
using ClusterSim.Storage;

namespace ClusterSim.Admission;

/// <summary>Gives a pod the overhead, node selector and tolerations of its RuntimeClass, which must exist (<c>plugin/pkg/admission/runtimeclass</c>).</summary>
internal sealed class RuntimeClass(VersionedStore store) : AdmissionPlugin
{
    private static readonly GroupResource RuntimeClasses = new("node.k8s.io", "runtimeclasses");

    /// <inheritdoc/>
    public override void Mutate(AdmissionRequest request)
    {
        if (!Is(request, Pods, Create))
            return;
        var spec = request.Object!.Ensure("spec");
        if (spec.Text("runtimeClassName") is not { } name)
        {
            if (spec["overhead"] is JsonObject { Count: > 0 })
                throw Forbidden(request, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
            return;
        }
        var chosen = store.Find(RuntimeClasses, new(null, name)) ?? throw Forbidden(request, $"pod rejected: RuntimeClass \"{name}\" not found");
        if (chosen.Root.At("overhead", "podFixed").ToNode() is JsonObject overhead)
        {
            if (spec["overhead"] is JsonObject { Count: > 0 } said && !JsonNode.DeepEquals(said, overhead))
                throw Forbidden(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
            spec["overhead"] = overhead;
        }
        var scheduling = chosen.Root.At("scheduling");
        foreach (var label in scheduling.At("nodeSelector").Fields())
        {
            var selector = spec.Ensure("nodeSelector");
            if (selector.Text(label.Name) is { } other && other != label.Value.Text())
                throw Forbidden(request, $"conflict: runtimeClass.scheduling.nodeSelector[{label.Name}] = {label.Value.Text()}; pod.spec.nodeSelector[{label.Name}] = {other}");
            selector[label.Name] = label.Value.Text();
        }
        foreach (var toleration in scheduling.At("tolerations").Items())
        {
            if (spec["tolerations"] is not JsonArray tolerations)
                spec["tolerations"] = tolerations = [];
            var wanted = toleration.ToNode();
            if (!tolerations.Any(item => JsonNode.DeepEquals(item, wanted)))
                tolerations.Add(wanted);
        }
    }
}
