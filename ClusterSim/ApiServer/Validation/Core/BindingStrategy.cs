using System.Text.Json;

namespace ClusterSim.Validation.Core;

/// <summary>Bindings: which node a Pod goes to.</summary>
internal sealed class BindingStrategy : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("", "v1", "Binding");

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        if (@object.At("target", "kind").Text("") is { Length: > 0 } kind && kind != "Node")
            errors.NotSupported(FieldPath.Of("target", "kind"), kind, "Node", "<empty>");
        if (@object.At("target", "name").Text("").Length == 0)
            errors.Required(FieldPath.Of("target", "name"));
        return errors;
    }
}
