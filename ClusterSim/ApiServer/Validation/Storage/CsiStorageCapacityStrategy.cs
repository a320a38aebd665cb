using System.Text.Json;

namespace ClusterSim.Validation.Storage;

/// <summary>CSIStorageCapacities.</summary>
internal sealed class CsiStorageCapacityStrategy : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("storage.k8s.io", "v1", "CSIStorageCapacity");

    /// <inheritdoc/>
    public override bool AllowUnconditionalUpdate => false;

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        LabelValidation.Selector(errors, @object.At("nodeTopology"), FieldPath.Of("nodeTopology"));
        var @class = @object.At("storageClassName").Text("");
        errors.InvalidEach(FieldPath.Of("storageClassName"), @class, NameRules.DnsSubdomain(@class));
        if (@object.At("capacity") is var amount && amount.Exists() && Amount.Of(amount) < 0)
            errors.Invalid(FieldPath.Of("capacity"), Amount.Text(amount), "must be greater than or equal to 0");
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        foreach (var field in (ReadOnlySpan<string>)["nodeTopology", "storageClassName"])
            if (!SemanticEquality.Equal(@object.At(field), old.At(field)))
                errors.Invalid(FieldPath.Of(field), @object.At(field), "field is immutable");
        return errors;
    }
}
