using System.Text.Json;

namespace ClusterSim.Validation.Storage;

/// <summary>VolumeAttributesClasses.</summary>
internal sealed class VolumeAttributesClassStrategy : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("storage.k8s.io", "v1", "VolumeAttributesClass");

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        ClassParameters.Provisioner(errors, @object.At("driverName").Text(""), FieldPath.Of("driverName"));
        ClassParameters.Validate(errors, @object.At("parameters"), FieldPath.Of("parameters"), mayBeEmpty: false);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        foreach (var field in (ReadOnlySpan<string>)["driverName", "parameters"])
            if (!SemanticEquality.Equal(@object.At(field), old.At(field)))
                errors.Forbidden(FieldPath.Of(field), $"updates to {field} are forbidden.");
        errors.AddRange(Validate(@object));
        return errors;
    }
}
