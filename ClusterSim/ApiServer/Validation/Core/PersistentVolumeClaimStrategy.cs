using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Core;

/// <summary>PersistentVolumeClaims.</summary>
internal sealed class PersistentVolumeClaimStrategy : KindStrategy
{
    private const string BetaClass = "volume.beta.kubernetes.io/storage-class";

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("", "v1", "PersistentVolumeClaim");

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override void Default(JsonObject @object) => DefaultClaim(@object);

    /// <summary>What a claim gets, by itself or as a StatefulSet's template.</summary>
    public static void DefaultClaim(JsonObject claim)
    {
        claim.Ensure("metadata");
        var spec = claim.Ensure("spec");
        spec.Ensure("resources");
        spec.Default("volumeMode", "Filesystem");
        // Either way of naming what to fill it from says the same.
        if (spec["dataSource"] is JsonObject source && spec["dataSourceRef"] is null)
            spec["dataSourceRef"] = source.DeepClone();
        else if (spec["dataSourceRef"] is JsonObject reference && spec["dataSource"] is null && reference["namespace"] is null
            && (reference.Text("kind") == "PersistentVolumeClaim" || reference.Text("apiGroup") == "snapshot.storage.k8s.io"))
            spec["dataSource"] = reference.DeepClone();
        claim.Ensure("status").Default("phase", "Pending");
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object) => @object["status"] = JsonBuilding.Object(("phase", "Pending"));

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        PersistentVolumeClaimValidation.Spec(errors, @object.At("spec"), FieldPath.Spec);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        var (spec, oldSpec) = (@object.At("spec"), old.At("spec"));
        PersistentVolumeClaimValidation.Spec(errors, spec, FieldPath.Spec);
        var beta = @object.At("metadata", "annotations", BetaClass).Text("");
        if (beta != old.At("metadata", "annotations", BetaClass).Text(""))
            errors.Invalid(FieldPath.Of("metadata", "annotations").Child(BetaClass), beta, "field is immutable");

        // What may change: a volume is bound once, a class is given once, and what is bound may grow.
        List<string> except = [];
        if (oldSpec.At("volumeName").Text("").Length == 0)
            except.Add("volumeName");
        if (!oldSpec.At("storageClassName").Exists() && spec.At("storageClassName").Exists())
            except.Add("storageClassName");
        var isBound = @object.At("status", "phase").Text() == "Bound";
        if (isBound)
            except.Add("resources");
        if (isBound && spec.At("volumeAttributesClassName").Exists())
            except.Add("volumeAttributesClassName");
        if (!SemanticEquality.EqualExcept(spec, oldSpec, except.ToArray())
            || (isBound && !SemanticEquality.EqualExcept(spec.At("resources", "requests"), oldSpec.At("resources", "requests"), ["storage"])))
            errors.Forbidden(FieldPath.Spec, "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n"
                + SpecDifference.Describe(oldSpec, spec));
        var size = Amount.Of(spec.At("resources", "requests", "storage"));
        if (size < Amount.Of(oldSpec.At("resources", "requests", "storage")) && size <= Amount.Of(old.At("status", "capacity", "storage")))
            errors.Forbidden(FieldPath.Spec.Child("resources", "requests", "storage"), "field can not be less than status.capacity");
        if (!SemanticEquality.Equal(spec.At("volumeMode"), oldSpec.At("volumeMode")))
            errors.Invalid(FieldPath.Of("volumeMode"), spec.At("volumeMode"), "field is immutable");
        if (oldSpec.At("volumeAttributesClassName").Exists() && spec.At("volumeAttributesClassName").Text("").Length == 0)
            errors.Forbidden(FieldPath.Of("spec", "volumeAttributesClassName"), spec.At("volumeAttributesClassName").Exists()
                ? "update from non-nil value to an empty string is forbidden"
                : "update from non-nil value to nil is forbidden");
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        if (@object.At("spec", "accessModes").Count() == 0)
            errors.Required(FieldPath.Of("Spec", "accessModes"));
        foreach (var amount in @object.At("status", "capacity").Fields())
            if (Amount.Of(amount.Value) < 0)
                errors.Invalid(FieldPath.Of("status", "capacity").Key(amount.Name), amount.Value, "must be a valid resource quantity");
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(JsonElement @object, JsonElement old)
    {
        var warnings = new List<string>();
        foreach (var annotation in (ReadOnlySpan<string>)[BetaClass])
            if (@object.At("metadata", "annotations").Exists() && @object.At("metadata", "annotations", annotation).Exists())
                warnings.Add($"metadata.annotations[{annotation}]: deprecated since v1.8; use \"storageClassName\" attribute instead");
        PodWarnings.Claim(warnings, @object.At("spec"), FieldPath.Spec);
        return warnings;
    }
}
