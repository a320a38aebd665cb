using System.Text.Json;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.Apps;

/// <summary>What the kinds that keep pods running have in common.</summary>
internal static class Workloads
{
    /// <summary>A selector is there, well-formed and not empty. False where it is malformed, so that nothing can be compared with it.</summary>
    public static bool Selector(FieldErrors errors, JsonElement spec, FieldPath path, string empty, string malformed)
    {
        var selector = spec.At("selector");
        var at = path.Child("selector");
        var before = errors.Count;
        if (!selector.Exists())
        {
            errors.Required(at);
            return true;
        }
        LabelValidation.Selector(errors, selector, at);
        var isFine = errors.Count == before;
        if (LabelValidation.IsEmpty(selector))
            errors.Invalid(at, selector, empty);
        if (!isFine)
            errors.Invalid(at, selector, malformed);
        return isFine;
    }

    /// <summary>A template whose labels the selector takes and whose pods never end.</summary>
    public static void ReplicatedTemplate(FieldErrors errors, JsonElement spec, FieldPath path)
    {
        var template = spec.At("template");
        var at = path.Child("template");
        if (!IsSelected(spec))
            PodTemplateValidation.Selected(errors, template, at);
        PodTemplateValidation.Validate(errors, template, at);
        PodTemplateValidation.AlwaysRestarting(errors, template, at, "ReplicaSet");
    }

    /// <summary>Whether the selector takes the template's labels; an empty selector is complained of elsewhere.</summary>
    public static bool IsSelected(JsonElement spec)
    {
        var selector = spec.At("selector");
        return (selector.Exists() && LabelValidation.IsEmpty(selector)) || LabelValidation.Matches(selector, spec.At("template", "metadata", "labels")) != false;
    }

    /// <summary>A selector never changes.</summary>
    public static void ImmutableSelector(FieldErrors errors, JsonElement @object, JsonElement old)
    {
        var selector = @object.At("spec", "selector");
        if (!SemanticEquality.Equal(selector, old.At("spec", "selector")))
            errors.Invalid(FieldPath.Spec.Child("selector"), selector, "field is immutable");
    }

    /// <summary>No count of a status is above another.</summary>
    public static void NotAbove(FieldErrors errors, JsonElement status, string most, params ReadOnlySpan<string> counts)
    {
        foreach (var count in counts)
            if (status.At(count).Integer(0) > status.At(most).Integer(0))
                errors.Invalid(FieldPath.Status.Child(count), status.At(count).Integer(0), $"cannot be greater than status.{most}");
    }

    /// <summary>Collisions are only ever added.</summary>
    public static void CollisionCount(FieldErrors errors, JsonElement status, JsonElement old)
    {
        if (old.At("collisionCount").Integer() is { } before && status.At("collisionCount").Integer(0) is var now && now < before)
            errors.Invalid(FieldPath.Status.Child("collisionCount"), now, "cannot be decremented");
    }
}
