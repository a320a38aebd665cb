using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Policy;

/// <summary>PodDisruptionBudgets.</summary>
internal sealed class PodDisruptionBudgetStrategy : KindStrategy
{
    private static readonly string[] Counts = ["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"];

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("policy", "v1", "PodDisruptionBudget");

    /// <inheritdoc/>
    public override bool AllowUnconditionalUpdate => false;

    /// <inheritdoc/>
    public override bool CountsGenerations => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        @object.Ensure("spec");
        var status = @object.Ensure("status");
        foreach (var count in Counts)
            status.Default(count, 0);
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object)
    {
        @object["status"] = new JsonObject();
        Default(@object);
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var spec = @object.At("spec");
        var path = FieldPath.Spec;
        if (spec.At("minAvailable").Exists() && spec.At("maxUnavailable").Exists())
            errors.Invalid(path, GoText.RenderInternal(
                spec, ("MinAvailable", "minAvailable"), ("Selector", "selector"), ("MaxUnavailable", "maxUnavailable"),
                ("UnhealthyPodEvictionPolicy", "unhealthyPodEvictionPolicy")), "minAvailable and maxUnavailable cannot be both set", rendered: true);
        foreach (var field in (ReadOnlySpan<string>)["minAvailable", "maxUnavailable"])
            if (spec.At(field) is var value && value.Exists())
            {
                NumberRules.CountOrPercent(errors, value, path.Child(field));
                NumberRules.NotAbove100Percent(errors, value, path.Child(field));
            }
        LabelValidation.Selector(errors, spec.At("selector"), path.Child("selector"));
        if (spec.At("unhealthyPodEvictionPolicy").Text() is { } policy && policy is not ("AlwaysAllow" or "IfHealthyBudget"))
            errors.NotSupported(path.Child("unhealthyPodEvictionPolicy"), policy, "AlwaysAllow", "IfHealthyBudget");
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        NumberRules.AllNonNegative(errors, @object.At("status"), FieldPath.Status, Counts);
        return errors;
    }
}
