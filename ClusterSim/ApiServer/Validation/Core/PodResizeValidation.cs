using System.Text.Json;
using ClusterSim.Objects;

namespace ClusterSim.Validation.Core;

/// <summary>What a write to a Pod's <c>resize</c> subresource may change: requests and limits of CPU and memory.</summary>
internal static class PodResizeValidation
{
    private const string OnlyCompute = "only cpu and memory resources are mutable";

    /// <summary>A pod that cannot be resized at all, whatever is asked: that alone is told.</summary>
    public static FieldError? Impossible(JsonElement pod, JsonElement old)
    {
        var why = HasResources(old) || HasResources(pod) ? "pods with pod-level resources cannot be resized"
            : old.At("metadata", "annotations", "kubernetes.io/config.mirror").Exists() ? "static pods cannot be resized"
            : old.At("spec", "os", "name").Text() == "windows" ? "windows pods cannot be resized"
            : null;
        return why is null ? null : new FieldError("FieldValueForbidden", "", "Forbidden: " + why);
    }

    /// <summary>The rules of a change of size.</summary>
    public static void Validate(FieldErrors errors, JsonElement pod, JsonElement oldPod, FieldPath path)
    {
        var (spec, old) = (pod.At("spec"), oldPod.At("spec"));
        if (QualityOfService.Of(spec) != QualityOfService.Of(old))
            errors.Invalid(path, pod.At("status", "qosClass").Text(""), "Pod QOS Class may not change as a result of resizing");
        foreach (var list in ContainerType.WorkloadContainers.Fields())
            if (!SameNames(spec.At(list), old.At(list)))
            {
                errors.Forbidden(path, OnlyCompute);
                return;
            }
        foreach (var list in ContainerType.WorkloadContainers.Fields())
            for (var i = 0; i < old.At(list).Count(); i++)
                if (list == "containers" || old.At(list)[i].IsRestartableInitContainer())
                    NothingRemoved(errors, spec.At(list)[i], old.At(list)[i], path.Child(list).Index(i).Child("resources"));
        for (var i = 0; i < old.At("containers").Count(); i++)
            if (!OnlyComputeDiffers(spec.At("containers")[i], old.At("containers")[i]))
                errors.Forbidden(path, OnlyCompute);
        for (var i = 0; i < old.At("initContainers").Count(); i++)
        {
            var (now, before) = (spec.At("initContainers")[i], old.At("initContainers")[i]);
            if (before.IsRestartableInitContainer() && !OnlyComputeDiffers(now, before))
                errors.Forbidden(path, "only cpu and memory resources for sidecar containers are mutable");
            else if (!before.IsRestartableInitContainer() && !SemanticEquality.Equal(now, before))
                errors.Forbidden(path, "resources for non-sidecar init containers are immutable");
        }
        if (errors.Count == 0 && !SemanticEquality.EqualExcept(spec, old, [.. ContainerType.WorkloadContainers.Fields()]))
            errors.Forbidden(path, OnlyCompute);
    }

    private static void NothingRemoved(FieldErrors errors, JsonElement now, JsonElement before, FieldPath path)
    {
        foreach (var kind in (ReadOnlySpan<string>)["requests", "limits"])
            if (before.At("resources", kind).Fields().Any(field => !now.At("resources", kind, field.Name).Exists()))
                errors.Forbidden(path.Child(kind), $"resource {kind} cannot be removed");
    }

    private static bool OnlyComputeDiffers(JsonElement now, JsonElement before)
    {
        if (!SemanticEquality.EqualExcept(now, before, ["resources"]))
            return false;
        foreach (var kind in (ReadOnlySpan<string>)["requests", "limits"])
            if (!SemanticEquality.EqualExcept(now.At("resources", kind), before.At("resources", kind), ["cpu", "memory"]))
                return false;
        return SemanticEquality.Equal(now.At("resources", "claims"), before.At("resources", "claims"));
    }

    private static bool SameNames(JsonElement now, JsonElement before) =>
        now.Items().Select(container => container.At("name").Text()).SequenceEqual(before.Items().Select(container => container.At("name").Text()));

    private static bool HasResources(JsonElement pod) =>
        pod.At("spec", "resources", "requests").Count() + pod.At("spec", "resources", "limits").Count() > 0;
}
