using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.Scheduling;

/// <summary>PriorityClasses. They are made in their first generation and stay there.</summary>
internal sealed class PriorityClassStrategy : KindStrategy
{
    private const long HighestOfUsers = 1_000_000_000;

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("scheduling.k8s.io", "v1", "PriorityClass");

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        @object.Default("value", 0);
        @object.Default("preemptionPolicy", "PreemptLowerPriority");
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object) => @object.Ensure("metadata")["generation"] = 1;

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var name = @object.At("metadata", "name").Text("");
        var value = @object.At("value").Integer() ?? 0;
        var isSystem = (name, value) is ("system-node-critical", 2000001000) or ("system-cluster-critical", 2000000000);
        if (name.StartsWith("system-", StringComparison.Ordinal) && !isSystem)
            errors.Forbidden(FieldPath.Of("metadata", "name"), "priority class names with 'system-' prefix are reserved for system use only. error: "
                + $"{name} is not a known system priority class");
        else if (value > HighestOfUsers && !isSystem)
            errors.Forbidden(FieldPath.Of("value"), $"maximum allowed value of a user defined priority is {HighestOfUsers}");
        PodSpecValidation.OneOf(errors, @object.At("preemptionPolicy").Text(""), FieldPath.Of("preemptionPolicy"), "PreemptLowerPriority", "Never");
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        if (@object.At("value").Integer() != old.At("value").Integer())
            errors.Forbidden(FieldPath.Of("value"), "may not be changed in an update.");
        if (!SemanticEquality.Equal(@object.At("preemptionPolicy"), old.At("preemptionPolicy")))
            errors.Invalid(FieldPath.Of("preemptionPolicy"), @object.At("preemptionPolicy"), "field is immutable");
        return errors;
    }
}
