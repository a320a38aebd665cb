using System.Text.Json;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.Node;

/// <summary>RuntimeClasses.</summary>
internal sealed class RuntimeClassStrategy : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("node.k8s.io", "v1", "RuntimeClass");

    /// <inheritdoc/>
    public override bool AllowUnconditionalUpdate => false;

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var handler = @object.At("handler").Text("");
        errors.InvalidEach(FieldPath.Of("handler"), handler, NameRules.DnsLabel(handler));
        ResourceValidation.Limits(errors, @object.At("overhead", "podFixed"), FieldPath.Of("overhead", "podFixed").Child("limits"));
        LabelValidation.Labels(errors, @object.At("scheduling", "nodeSelector"), FieldPath.Of("scheduling", "nodeSelector"));
        SchedulingValidation.Tolerations(errors, @object.At("scheduling", "tolerations"), FieldPath.Of("scheduling", "tolerations"));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        if (@object.At("handler").Text("") is var handler && handler != old.At("handler").Text(""))
            errors.Invalid(FieldPath.Of("handler"), handler, "field is immutable");
        return errors;
    }
}
