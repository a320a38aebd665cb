using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.Apps;

/// <summary>StatefulSets.</summary>
internal sealed class StatefulSetStrategy : KindStrategy
{
    private static readonly string[] Changeable =
    [
        "replicas", "template", "updateStrategy", "minReadySeconds", "ordinals", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy",
    ];

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("apps", "v1", "StatefulSet");

    /// <inheritdoc/>
    public override NameRule NameRule => NameRules.Label;

    /// <inheritdoc/>
    public override bool CountsGenerations => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        var spec = @object.Ensure("spec");
        PodSpecDefaults.DefaultTemplate(spec);
        foreach (var claim in PodSpecDefaults.Objects(spec, "volumeClaimTemplates"))
        {
            claim.Default("apiVersion", "v1");
            claim.Default("kind", "PersistentVolumeClaim");
            PersistentVolumeClaimStrategy.DefaultClaim(claim);
        }
        if (spec.Text("podManagementPolicy") is null or "")
            spec["podManagementPolicy"] = "OrderedReady";
        var strategy = spec.Ensure("updateStrategy");
        if (strategy.Text("type") is null or "")
        {
            strategy["type"] = "RollingUpdate";
            strategy.Ensure("rollingUpdate").Default("partition", 0);
        }
        else if (strategy.Text("type") == "RollingUpdate" && strategy["rollingUpdate"] is JsonObject rolling)
        {
            rolling.Default("partition", 0);
        }
        var retention = spec.Ensure("persistentVolumeClaimRetentionPolicy");
        foreach (var when in (ReadOnlySpan<string>)["whenDeleted", "whenScaled"])
            if (retention.Text(when) is null or "")
                retention[when] = "Retain";
        spec.Default("replicas", 1);
        spec.Default("revisionHistoryLimit", 10);
        var status = @object.Ensure("status");
        status.Default("replicas", 0);
        status.Default("availableReplicas", 0);
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object) =>
        @object["status"] = JsonBuilding.Object(("replicas", 0), ("availableReplicas", 0));

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
        if (!SemanticEquality.EqualExcept(@object.At("spec"), old.At("spec"), Changeable))
            errors.Forbidden(FieldPath.Spec, "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
                + "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        var status = @object.At("status");
        NumberRules.AllNonNegative(errors, status, FieldPath.Status, "replicas", "readyReplicas", "currentReplicas", "updatedReplicas",
            "availableReplicas", "observedGeneration", "collisionCount");
        Workloads.NotAbove(errors, status, "replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas");
        Workloads.NotAbove(errors, status, "readyReplicas", "availableReplicas");
        Workloads.CollisionCount(errors, status, old.At("status"));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(JsonElement @object, JsonElement old)
    {
        var warnings = PodWarnings.OfTemplate(@object.At("spec", "template"), FieldPath.Spec.Child("template")).ToList();
        var index = 0;
        foreach (var claim in @object.At("spec", "volumeClaimTemplates").Items())
            PodWarnings.Claim(warnings, claim.At("spec"), FieldPath.Spec.Child("volumeClaimTemplates").Index(index++).Child("Spec"));
        return warnings;
    }

    private static void Spec(FieldErrors errors, JsonElement spec)
    {
        var path = FieldPath.Spec;
        if (spec.At("podManagementPolicy").Text("") is var policy && policy is not ("OrderedReady" or "Parallel"))
            errors.Invalid(path.Child("podManagementPolicy"), policy, "must be 'OrderedReady' or 'Parallel'");
        UpdateStrategy(errors, spec.At("updateStrategy"), path.Child("updateStrategy"));
        foreach (var when in (ReadOnlySpan<string>)["whenDeleted", "whenScaled"])
            if (spec.At("persistentVolumeClaimRetentionPolicy") is var retention && retention.Exists()
                && retention.At(when).Text("") is var what && what is not ("Retain" or "Delete"))
                errors.NotSupported(path.Child("persistentVolumeClaimRetentionPolicy", when), what, "Retain", "Delete");
        NumberRules.NonNegative(errors, spec, "replicas", path);
        NumberRules.NonNegative(errors, spec, "minReadySeconds", path);
        NumberRules.NonNegative(errors, spec.At("ordinals"), "start", path.Child("ordinals"));
        if (spec.At("serviceName").Text() is { Length: > 0 } service)
            errors.InvalidEach(path.Child("serviceName"), service, NameRules.DnsSubdomain(service));

        var at = path.Child("template");
        if (Workloads.Selector(errors, spec, path, "empty selector is invalid for statefulset", ""))
        {
            if (!Workloads.IsSelected(spec))
                PodTemplateValidation.Selected(errors, spec.At("template"), at);
            // The claims' volumes are there once the pods are.
            var claims = spec.At("volumeClaimTemplates").Items().Select(claim => claim.At("metadata", "name").Text("")).ToHashSet(StringComparer.Ordinal);
            PodTemplateValidation.Validate(errors, spec.At("template"), at, PodValidationOptions.Template with { OtherVolumes = claims });
        }
        PodTemplateValidation.AlwaysRestarting(errors, spec.At("template"), at, "StatefulSet");
        NumberRules.NonNegative(errors, spec, "revisionHistoryLimit", path);
        var index = 0;
        foreach (var claim in spec.At("volumeClaimTemplates").Items())
        {
            var claimPath = path.Child("volumeClaimTemplates").Index(index++);
            var name = claim.At("metadata", "name").Text("");
            if (name.Length == 0)
                errors.Required(claimPath.Child("metadata", "name"), "name or generateName is required");
            PersistentVolumeClaimValidation.Spec(errors, claim.At("spec"), claimPath.Child("spec"));
        }
    }

    private static void UpdateStrategy(FieldErrors errors, JsonElement strategy, FieldPath path)
    {
        var rolling = strategy.At("rollingUpdate");
        switch (strategy.At("type").Text(""))
        {
            case "":
                errors.Required(path);
                break;
            case "OnDelete":
                if (rolling.Exists())
                    errors.Invalid(path.Child("rollingUpdate"),
                        RenderRolling(rolling),
                        "only allowed for updateStrategy 'RollingUpdate'", rendered: true);
                break;
            case "RollingUpdate":
                NumberRules.NonNegative(errors, rolling, "partition", path.Child("rollingUpdate"));
                if (rolling.At("maxUnavailable") is var unavailable && unavailable.Exists())
                {
                    var at = path.Child("rollingUpdate", "maxUnavailable");
                    NumberRules.CountOrPercent(errors, unavailable, at);
                    if (NumberRules.CountOrPercentValue(unavailable) == 0)
                        errors.Invalid(at, unavailable, "cannot be 0");
                    NumberRules.NotAbove100Percent(errors, unavailable, at);
                }
                break;
            default:
                errors.Invalid(path, GoText.RenderInternal(strategy, ("Type", "type"), new("RollingUpdate", "rollingUpdate", RenderRolling)),
                    "must be 'RollingUpdate' or 'OnDelete'", rendered: true);
                break;
        }
    }

    private static string RenderRolling(JsonElement rolling) =>
        $"{{\"Partition\":{GoText.RenderCount(rolling.At("partition"))},\"MaxUnavailable\":{GoText.Render(rolling.At("maxUnavailable"))}}}";
}
