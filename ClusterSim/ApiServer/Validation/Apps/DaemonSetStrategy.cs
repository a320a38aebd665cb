using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.Apps;

/// <summary>DaemonSets. The count of their template's changes lives in an annotation since apps/v1.</summary>
internal sealed class DaemonSetStrategy : KindStrategy
{
    private const string TemplateGeneration = "deprecated.daemonset.template.generation";
    private static readonly string[] Counts = ["currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"];

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("apps", "v1", "DaemonSet");

    /// <inheritdoc/>
    public override bool CountsGenerations => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        var spec = @object.Ensure("spec");
        PodSpecDefaults.DefaultTemplate(spec);
        var strategy = spec.Ensure("updateStrategy");
        if (strategy.Text("type") is null or "")
            strategy["type"] = "RollingUpdate";
        if (strategy.Text("type") == "RollingUpdate")
        {
            var rolling = strategy.Ensure("rollingUpdate");
            rolling.Default("maxUnavailable", 1);
            rolling.Default("maxSurge", 0);
        }
        spec.Default("revisionHistoryLimit", 10);
        Zeros(@object.Ensure("status"));
        // The internal type has it as a number, which every conversion writes.
        @object.Ensure("metadata").Ensure("annotations").Default(TemplateGeneration, "0");
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object)
    {
        @object["status"] = Zeros([]);
        @object.Ensure("metadata").Ensure("annotations")[TemplateGeneration] = "1";
    }

    /// <inheritdoc/>
    public override void PrepareForUpdate(JsonObject @object, JsonElement old)
    {
        var before = old.At("metadata", "annotations", TemplateGeneration).Text("0");
        var generation = long.TryParse(before, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;
        if (!SemanticEquality.Equal(@object.Ensure("spec")["template"]?.ToElement() ?? default, old.At("spec", "template")))
            generation++;
        @object.Ensure("metadata").Ensure("annotations")[TemplateGeneration] = generation.ToString(CultureInfo.InvariantCulture);
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        Spec(errors, @object.At("spec"));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        Spec(errors, @object.At("spec"));
        Workloads.ImmutableSelector(errors, @object, old);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        var status = @object.At("status");
        NumberRules.AllNonNegative(errors, status, FieldPath.Status, [.. Counts, "observedGeneration", "updatedNumberScheduled", "numberAvailable",
            "numberUnavailable", "collisionCount"]);
        Workloads.CollisionCount(errors, status, old.At("status"));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(JsonElement @object, JsonElement old) =>
        PodWarnings.OfTemplate(@object.At("spec", "template"), FieldPath.Spec.Child("template"));

    private static JsonObject Zeros(JsonObject status)
    {
        foreach (var count in Counts)
            status.Default(count, 0);
        return status;
    }

    private static void Spec(FieldErrors errors, JsonElement spec)
    {
        var path = FieldPath.Spec;
        var at = path.Child("template");
        LabelValidation.Selector(errors, spec.At("selector"), path.Child("selector"));
        if (LabelValidation.Matches(spec.At("selector"), spec.At("template", "metadata", "labels")) == false)
            PodTemplateValidation.Selected(errors, spec.At("template"), at);
        if (spec.At("selector").Exists() && LabelValidation.IsEmpty(spec.At("selector")))
            errors.Invalid(path.Child("selector"), spec.At("selector"), "empty selector is invalid for daemonset");
        PodTemplateValidation.Validate(errors, spec.At("template"), at);
        PodTemplateValidation.AlwaysRestarting(errors, spec.At("template"), at, "DaemonSet");
        NumberRules.NonNegative(errors, spec, "minReadySeconds", path);
        UpdateStrategy(errors, spec.At("updateStrategy"), path.Child("updateStrategy"));
        NumberRules.NonNegative(errors, spec, "revisionHistoryLimit", path);
    }

    private static void UpdateStrategy(FieldErrors errors, JsonElement strategy, FieldPath path)
    {
        var rolling = strategy.At("rollingUpdate");
        var at = path.Child("rollingUpdate");
        switch (strategy.At("type").Text(""))
        {
            case "OnDelete":
                break;
            case "RollingUpdate" when !rolling.Exists():
                errors.Required(at);
                break;
            case "RollingUpdate":
                var (unavailable, surge) = (rolling.At("maxUnavailable"), rolling.At("maxSurge"));
                NumberRules.CountOrPercent(errors, unavailable, at.Child("maxUnavailable"));
                NumberRules.CountOrPercent(errors, surge, at.Child("maxSurge"));
                NumberRules.NotAbove100Percent(errors, unavailable, at.Child("maxUnavailable"));
                NumberRules.NotAbove100Percent(errors, surge, at.Child("maxSurge"));
                var (anyUnavailable, anySurge) = (NumberRules.CountOrPercentValue(unavailable) != 0, NumberRules.CountOrPercentValue(surge) != 0);
                if (anyUnavailable && anySurge)
                    errors.Invalid(at.Child("maxSurge"), surge, "may not be set when maxUnavailable is non-zero");
                else if (!anyUnavailable && !anySurge)
                    errors.Required(at.Child("maxUnavailable"), "cannot be 0 when maxSurge is 0");
                break;
            default:
                errors.NotSupportedRendered(path, GoText.RenderInternal(strategy, ("Type", "type"), new("RollingUpdate", "rollingUpdate", RenderRolling)),
                    "RollingUpdate", "OnDelete");
                break;
        }
    }

    private static string RenderRolling(JsonElement rolling) =>
        $"{{\"MaxUnavailable\":{GoText.RenderCount(rolling.At("maxUnavailable"))},\"MaxSurge\":{GoText.RenderCount(rolling.At("maxSurge"))}}}";
}
