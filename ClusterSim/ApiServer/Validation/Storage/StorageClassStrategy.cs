using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Storage;

/// <summary>StorageClasses.</summary>
internal sealed class StorageClassStrategy : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("storage.k8s.io", "v1", "StorageClass");

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        @object.Default("reclaimPolicy", "Delete");
        @object.Default("volumeBindingMode", "Immediate");
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        ClassParameters.Provisioner(errors, @object.At("provisioner").Text(""), FieldPath.Of("provisioner"));
        ClassParameters.Validate(errors, @object.At("parameters"), FieldPath.Of("parameters"), mayBeEmpty: true);
        if (@object.At("reclaimPolicy").Text("") is { Length: > 0 } policy && policy is not ("Delete" or "Retain"))
            errors.NotSupported(FieldPath.Of("reclaimPolicy"), policy, "Delete", "Retain");
        if (@object.At("volumeBindingMode").Text() is var mode && mode is null)
            errors.Required(FieldPath.Of("volumeBindingMode"));
        else if (mode is not ("Immediate" or "WaitForFirstConsumer"))
            errors.NotSupported(FieldPath.Of("volumeBindingMode"), mode, "Immediate", "WaitForFirstConsumer");
        Topologies(errors, @object.At("allowedTopologies"), FieldPath.Of("allowedTopologies"));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        foreach (var field in (ReadOnlySpan<string>)["parameters", "provisioner"])
            if (!SemanticEquality.Equal(@object.At(field), old.At(field)))
                errors.Forbidden(FieldPath.Of(field), $"updates to {field} are forbidden.");
        if (@object.At("reclaimPolicy").Text() != old.At("reclaimPolicy").Text())
            errors.Forbidden(FieldPath.Of("reclaimPolicy"), "updates to reclaimPolicy are forbidden.");
        if (!SemanticEquality.Equal(@object.At("volumeBindingMode"), old.At("volumeBindingMode")))
            errors.Invalid(FieldPath.Of("volumeBindingMode"), @object.At("volumeBindingMode"), "field is immutable");
        return errors;
    }

    private static void Topologies(FieldErrors errors, JsonElement topologies, FieldPath path)
    {
        for (var i = 0; i < topologies.Count(); i++)
        {
            var at = path.Index(i).Child("matchLabelExpressions");
            var keys = new HashSet<string>(StringComparer.Ordinal);
            for (var j = 0; j < topologies[i].At("matchLabelExpressions").Count(); j++)
            {
                var expression = topologies[i].At("matchLabelExpressions")[j];
                if (expression.At("values").Count() == 0)
                    errors.Required(at.Index(j).Child("values"));
                var values = new HashSet<string>(StringComparer.Ordinal);
                for (var k = 0; k < expression.At("values").Count(); k++)
                    if (expression.At("values")[k].Text("") is var value && !values.Add(value))
                        errors.Duplicate(at.Index(j).Child("values").Index(k), value);
                var key = expression.At("key").Text("");
                LabelValidation.Key(errors, key, at.Index(j).Child("key"));
                if (!keys.Add(key))
                    errors.Duplicate(at.Index(j).Child("key"), key);
            }
            for (var earlier = 0; earlier < i; earlier++)
                if (SemanticEquality.Equal(topologies[i], topologies[earlier]))
                    errors.Duplicate(at, "");
        }
    }
}
