using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Json;
using ClusterSim.Schema;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.Storage;

/// <summary>CSIDrivers.</summary>
internal sealed class CsiDriverStrategy : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("storage.k8s.io", "v1", "CSIDriver");

    /// <inheritdoc/>
    public override bool AllowUnconditionalUpdate => false;

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        var spec = @object.Ensure("spec");
        spec.Default("attachRequired", true);
        spec.Default("podInfoOnMount", false);
        spec.Default("storageCapacity", false);
        if (spec["volumeLifecycleModes"] is not JsonArray { Count: > 0 })
            spec["volumeLifecycleModes"] = new JsonArray("Persistent");
        spec.Default("fsGroupPolicy", "ReadWriteOnceWithFSType");
        spec.Default("requiresRepublish", false);
        spec.Default("seLinuxMount", false);
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        VolumeValidation.CsiDriverName(errors, @object.At("metadata", "name").Text(""), FieldPath.Of("name"));
        var spec = @object.At("spec");
        foreach (var field in (ReadOnlySpan<string>)["attachRequired", "podInfoOnMount", "storageCapacity"])
            if (!spec.At(field).Exists())
                errors.Required(FieldPath.Of(field));
        if (spec.At("fsGroupPolicy").Text() is { } policy && policy is not ("File" or "None" or "ReadWriteOnceWithFSType"))
            errors.NotSupported(FieldPath.Of("fsGroupPolicy"), policy, "ReadWriteOnceWithFSType", "File", "None");
        var index = 0;
        foreach (var mode in spec.At("volumeLifecycleModes").Items())
        {
            var path = FieldPath.Of("volumeLifecycleModes").Index(index++);
            if (mode.Text("") is var text && text is not ("Persistent" or "Ephemeral"))
                errors.NotSupported(path, text, "Persistent", "Ephemeral");
        }
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        errors.AddRange(Validate(@object));
        foreach (var field in (ReadOnlySpan<string>)["attachRequired", "volumeLifecycleModes"])
            if (!SemanticEquality.Equal(@object.At("spec", field), old.At("spec", field)))
                errors.Invalid(field == "attachRequired" ? FieldPath.Of("attachedRequired") : FieldPath.Of(field), @object.At("spec", field), "field is immutable");
        return errors;
    }
}
