using System.Text.Json;

namespace ClusterSim.Validation.Core;

/// <summary>ConfigMaps.</summary>
internal sealed class ConfigMapStrategy : KindStrategy
{
    /// <summary>What all the values together may hold, in bytes; Secrets too.</summary>
    public const int MaximumBytes = 1024 * 1024;

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("", "v1", "ConfigMap");

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        Data(errors, @object);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        Unchanged(errors, @object, old, "data", "binaryData");
        Data(errors, @object);
        return errors;
    }

    /// <summary>An object that was made immutable stays so and keeps its data.</summary>
    public static void Unchanged(FieldErrors errors, JsonElement @object, JsonElement old, params ReadOnlySpan<string> fields)
    {
        if (!old.At("immutable").Flag(false))
            return;
        const string Immutable = "field is immutable when `immutable` is set";
        if (!@object.At("immutable").Flag(false))
            errors.Forbidden(FieldPath.Of("immutable"), Immutable);
        foreach (var field in fields)
            if (!SemanticEquality.Equal(@object.At(field), old.At(field)))
                errors.Forbidden(FieldPath.Of(field), Immutable);
    }

    private static void Data(FieldErrors errors, JsonElement @object)
    {
        long total = 0;
        var binary = @object.At("binaryData");
        foreach (var entry in @object.At("data").Fields())
        {
            var path = FieldPath.Of("data").Key(entry.Name);
            errors.InvalidEach(path, entry.Name, NameRules.ConfigMapKey(entry.Name));
            if (binary.At(entry.Name).Exists())
                errors.Invalid(path, entry.Name, "duplicate of key present in binaryData");
            total += System.Text.Encoding.UTF8.GetByteCount(entry.Value.Text(""));
        }
        foreach (var entry in binary.Fields())
        {
            errors.InvalidEach(FieldPath.Of("binaryData").Key(entry.Name), entry.Name, NameRules.ConfigMapKey(entry.Name));
            total += SecretStrategy.DecodedLength(entry.Value.Text(""));
        }
        if (total > MaximumBytes)
            errors.TooLong(FieldPath.Of("[]"), MaximumBytes); // field.NewPath("") prints so
    }
}
