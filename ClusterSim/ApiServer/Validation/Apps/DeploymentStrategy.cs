using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.Apps;

/// <summary>Deployments.</summary>
internal sealed class DeploymentStrategy : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("apps", "v1", "Deployment");

    /// <inheritdoc/>
    public override bool CountsGenerations => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        var spec = @object.Ensure("spec");
        PodSpecDefaults.DefaultTemplate(spec);
        spec.Default("replicas", 1);
        var strategy = spec.Ensure("strategy");
        if (strategy.Text("type") is null or "")
            strategy["type"] = "RollingUpdate";
        if (strategy.Text("type") == "RollingUpdate")
        {
            var rolling = strategy.Ensure("rollingUpdate");
            rolling.Default("maxUnavailable", "25%");
            rolling.Default("maxSurge", "25%");
        }
        spec.Default("revisionHistoryLimit", 10);
        spec.Default("progressDeadlineSeconds", 600);
        @object.Ensure("status");
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object) => @object["status"] = new JsonObject();

    /// <inheritdoc/>
    public override void PrepareForStatusUpdate(JsonObject @object, JsonElement old)
    {
        var metadata = @object.Ensure("metadata");
        metadata.Remove("labels");
        if (old.At("metadata", "labels").ToNode() is { } labels)
            metadata["labels"] = labels;
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
        NumberRules.AllNonNegative(errors, status, FieldPath.Status, "observedGeneration", "replicas", "updatedReplicas", "readyReplicas",
            "availableReplicas", "unavailableReplicas", "collisionCount");
        Workloads.NotAbove(errors, status, "replicas", "updatedReplicas", "readyReplicas", "availableReplicas");
        if (status.At("availableReplicas").Integer(0) > status.At("readyReplicas").Integer(0))
            errors.Invalid(FieldPath.Status.Child("availableReplicas"), status.At("availableReplicas").Integer(0), "cannot be greater than readyReplicas");
        Workloads.CollisionCount(errors, status, old.At("status"));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(JsonElement @object, JsonElement old) =>
        PodWarnings.OfTemplate(@object.At("spec", "template"), FieldPath.Spec.Child("template"));

    private static void Spec(FieldErrors errors, JsonElement spec)
    {
        var path = FieldPath.Spec;
        NumberRules.NonNegative(errors, spec, "replicas", path);
        if (Workloads.Selector(errors, spec, path, "empty selector is invalid for deployment", "invalid label selector"))
            Workloads.ReplicatedTemplate(errors, spec, path);
        Strategy(errors, spec.At("strategy"), path.Child("strategy"));
        NumberRules.NonNegative(errors, spec, "minReadySeconds", path);
        NumberRules.NonNegative(errors, spec, "revisionHistoryLimit", path);
        NumberRules.NonNegative(errors, spec, "progressDeadlineSeconds", path);
        if (spec.At("progressDeadlineSeconds").Integer() is { } deadline && deadline <= spec.At("minReadySeconds").Integer(0))
            errors.Invalid(path.Child("progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds");
    }

    private static void Strategy(FieldErrors errors, JsonElement strategy, FieldPath path)
    {
        var rolling = strategy.At("rollingUpdate");
        var at = path.Child("rollingUpdate");
        switch (strategy.At("type").Text(""))
        {
            case "Recreate":
                if (rolling.Exists())
                    errors.Forbidden(at, "may not be specified when strategy `type` is 'Recreate'");
                break;
            case "RollingUpdate" when !rolling.Exists():
                errors.Required(at, "this should be defaulted and never be nil");
                break;
            case "RollingUpdate":
                var (unavailable, surge) = (rolling.At("maxUnavailable"), rolling.At("maxSurge"));
                NumberRules.CountOrPercent(errors, unavailable, at.Child("maxUnavailable"));
                NumberRules.CountOrPercent(errors, surge, at.Child("maxSurge"));
                if (NumberRules.CountOrPercentValue(unavailable) == 0 && NumberRules.CountOrPercentValue(surge) == 0)
                    errors.Invalid(at.Child("maxUnavailable"), unavailable, "may not be 0 when `maxSurge` is 0");
                NumberRules.NotAbove100Percent(errors, unavailable, at.Child("maxUnavailable"));
                break;
            default:
                errors.NotSupportedRendered(path, GoText.RenderInternal(strategy, ("Type", "type"), new("RollingUpdate", "rollingUpdate", RenderRolling)),
                    "Recreate", "RollingUpdate");
                break;
        }
    }

    private static string RenderRolling(JsonElement rolling) =>
        $"{{\"MaxUnavailable\":{GoText.RenderCount(rolling.At("maxUnavailable"))},\"MaxSurge\":{GoText.RenderCount(rolling.At("maxSurge"))}}}";
}
