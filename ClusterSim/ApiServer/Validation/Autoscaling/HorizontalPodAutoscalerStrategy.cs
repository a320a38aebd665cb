using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Autoscaling;

/// <summary>HorizontalPodAutoscalers, as autoscaling/v2 has them.</summary>
internal sealed class HorizontalPodAutoscalerStrategy : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("autoscaling", "v2", "HorizontalPodAutoscaler");

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        var spec = @object.Ensure("spec");
        spec.Default("minReplicas", 1);
        if (spec["metrics"] is not JsonArray { Count: > 0 })
            spec["metrics"] = new JsonArray(JsonBuilding.Object(
                ("type", "Resource"),
                ("resource", JsonBuilding.Object(
                    ("name", "cpu"), ("target", JsonBuilding.Object(("type", "Utilization"), ("averageUtilization", 80)))))));
        if (spec["behavior"] is JsonObject behavior)
        {
            DefaultRules(behavior.Ensure("scaleUp"), ("Pods", 4, 15), ("Percent", 100, 15));
            behavior.Ensure("scaleUp").Default("stabilizationWindowSeconds", 0);
            DefaultRules(behavior.Ensure("scaleDown"), ("Percent", 100, 15));
        }
        DefaultStatus(@object.Ensure("status"));
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object)
    {
        var status = new JsonObject();
        DefaultStatus(status);
        @object["status"] = status;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        Spec(errors, @object.At("spec"), leastReplicas: 1);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        Spec(errors, @object.At("spec"), leastReplicas: old.At("spec", "minReplicas").Integer() == 0 ? 0 : 1);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        NumberRules.AllNonNegative(errors, @object.At("status"), FieldPath.Status, "currentReplicas", "desiredReplicas");
        return errors;
    }

    // Two fields Go always writes.
    private static void DefaultStatus(JsonObject status)
    {
        status.Default("desiredReplicas", 0);
        if (!status.ContainsKey("currentMetrics"))
            status["currentMetrics"] = null;
    }

    private static void DefaultRules(JsonObject rules, params ReadOnlySpan<(string Type, int Value, int PeriodSeconds)> policies)
    {
        rules.Default("selectPolicy", "Max");
        if (rules["policies"] is JsonArray { Count: > 0 })
            return;
        var list = new JsonArray();
        foreach (var (type, value, period) in policies)
            list.Add((JsonNode)JsonBuilding.Object(("type", type), ("value", value), ("periodSeconds", period)));
        rules["policies"] = list;
    }

    private static void Spec(FieldErrors errors, JsonElement spec, int leastReplicas)
    {
        var path = FieldPath.Spec;
        var (min, max) = (spec.At("minReplicas").Integer(), spec.At("maxReplicas").Integer() ?? 0);
        if (min < leastReplicas)
            errors.Invalid(path.Child("minReplicas"), min.Value, $"must be greater than or equal to {leastReplicas}");
        if (max < 1)
            errors.Invalid(path.Child("maxReplicas"), max, "must be greater than 0");
        if (max < min)
            errors.Invalid(path.Child("maxReplicas"), max, "must be greater than or equal to `minReplicas`");
        MetricValidation.Reference(errors, spec.At("scaleTargetRef"), path.Child("scaleTargetRef"));
        MetricValidation.Metrics(errors, spec.At("metrics"), path.Child("metrics"), min == 0);
        foreach (var direction in (ReadOnlySpan<string>)["scaleUp", "scaleDown"])
            if (spec.At("behavior", direction) is var rules && rules.Exists())
                ScalingRules(errors, rules, path.Child("behavior", direction));
    }

    private static void ScalingRules(FieldErrors errors, JsonElement rules, FieldPath path)
    {
        if (rules.At("stabilizationWindowSeconds").Integer() is { } window)
        {
            if (window < 0)
                errors.Invalid(path.Child("stabilizationWindowSeconds"), window, "must be greater than or equal to zero");
            if (window > 3600)
                errors.Invalid(path.Child("stabilizationWindowSeconds"), window, "must be less than or equal to 3600");
        }
        if (rules.At("selectPolicy").Text() is { } select && select is not ("Max" or "Min" or "Disabled"))
            errors.NotSupported(path.Child("selectPolicy"), select, "Disabled", "Max", "Min");
        var policies = rules.At("policies");
        if (policies.Count() == 0)
            errors.Required(path.Child("policies"), "must specify at least one Policy");
        for (var i = 0; i < policies.Count(); i++)
        {
            var at = path.Child("policies").Index(i);
            if (policies[i].At("type").Text("") is var type && type is not ("Pods" or "Percent"))
                errors.NotSupported(at.Child("type"), type, "Percent", "Pods");
            var (value, period) = (policies[i].At("value").Integer() ?? 0, policies[i].At("periodSeconds").Integer() ?? 0);
            if (value <= 0)
                errors.Invalid(at.Child("value"), value, "must be greater than zero");
            if (period <= 0)
                errors.Invalid(at.Child("periodSeconds"), period, "must be greater than zero");
            if (period > 1800)
                errors.Invalid(at.Child("periodSeconds"), period, "must be less than or equal to 1800");
        }
        if (rules.At("tolerance") is var tolerance && tolerance.Exists() && Amount.Of(tolerance) < 0)
            errors.Invalid(path.Child("tolerance"), Amount.Text(tolerance), NumberRules.Negative);
    }
}
