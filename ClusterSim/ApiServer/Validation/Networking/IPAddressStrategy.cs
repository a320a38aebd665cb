using System.Text.Json;

namespace ClusterSim.Validation.Networking;

/// <summary>IPAddresses: an address, and which object has it.</summary>
internal sealed class IPAddressStrategy : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("networking.k8s.io", "v1", "IPAddress");

    /// <inheritdoc/>
    public override NameRule NameRule => static (name, _) => AddressRules.Strict(name) is { } wrong ? [wrong] : [];

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var parent = @object.At("spec", "parentRef");
        var path = FieldPath.Spec.Child("parentRef");
        if (!parent.Exists())
        {
            errors.Required(path);
            return errors;
        }
        if (parent.At("group").Text("") is { Length: > 0 } group)
            errors.InvalidEach(path.Child("group"), group, NameRules.DnsSubdomain(group));
        foreach (var field in (ReadOnlySpan<string>)["resource", "name"])
            if (parent.At(field).Text("") is var value && value.Length == 0)
                errors.Required(path.Child(field));
            else
                errors.InvalidEach(path.Child(field), value, NameRules.PathSegmentName(value));
        if (parent.At("namespace").Text("") is { Length: > 0 } @namespace)
            errors.InvalidEach(path.Child("namespace"), @namespace, NameRules.PathSegmentName(@namespace));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        errors.AddRange(Validate(@object));
        if (!SemanticEquality.Equal(@object.At("spec", "parentRef"), old.At("spec", "parentRef")))
            errors.Invalid(FieldPath.Spec.Child("parentRef"), @object.At("spec", "parentRef"), "field is immutable");
        return errors;
    }
}
