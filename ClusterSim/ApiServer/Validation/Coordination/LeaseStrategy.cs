using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Coordination;

/// <summary>Leases.</summary>
internal sealed class LeaseStrategy : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("coordination.k8s.io", "v1", "Lease");

    /// <inheritdoc/>
    public override bool AllowCreateOnUpdate => true;

    /// <inheritdoc/>
    public override bool AllowUnconditionalUpdate => false;

    /// <inheritdoc/>
    public override void Default(JsonObject @object) => @object.Ensure("spec");

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var spec = @object.At("spec");
        if (spec.At("leaseDurationSeconds").Integer() is { } seconds and <= 0)
            errors.Invalid(FieldPath.Spec.Child("leaseDurationSeconds"), seconds, "must be greater than 0");
        if (spec.At("leaseTransitions").Integer() is { } transitions and < 0)
            errors.Invalid(FieldPath.Spec.Child("leaseTransitions"), transitions, "must be greater than or equal to 0");
        return errors;
    }
}
