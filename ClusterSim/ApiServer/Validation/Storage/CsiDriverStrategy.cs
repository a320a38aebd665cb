using System.Text.Json;
using System.Text.Json.Nodes;

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
        var spec = @object.At("spec");
        foreach (var (field, name) in (ReadOnlySpan<(string, string)>)[("attachRequired", "attachedRequired"), ("podInfoOnMount", "podInfoOnMount"), ("storageCapacity", "storageCapacity")])
            if (!spec.At(field).Exists())
                errors.Required(FieldPath.Spec.Child(name));
        if (spec.At("fsGroupPolicy").Text() is { } policy && policy is not ("File" or "None" or "ReadWriteOnceWithFSType"))
            errors.NotSupported(FieldPath.Spec.Child("fsGroupPolicy"), policy, "File", "None", "ReadWriteOnceWithFSType");
        TokenRequests(errors, spec.At("tokenRequests"), FieldPath.Spec.Child("tokenRequests"));
        foreach (var mode in spec.At("volumeLifecycleModes").Items())
            if (mode.Text("") is var text && text is not ("Persistent" or "Ephemeral"))
                errors.NotSupported(FieldPath.Spec.Child("volumeLifecycleModes"), text, "Persistent", "Ephemeral");
        if (spec.At("nodeAllocatableUpdatePeriodSeconds").Integer() is { } period and < 10)
            errors.Invalid(FieldPath.Spec.Child("nodeAllocatableUpdatePeriodSeconds"), period, "must be greater than or equal to 10 seconds");
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        errors.AddRange(Validate(@object));
        foreach (var field in (ReadOnlySpan<string>)["attachRequired", "volumeLifecycleModes"])
            if (!SemanticEquality.Equal(@object.At("spec", field), old.At("spec", field)))
                errors.Invalid(FieldPath.Spec.Child(field == "attachRequired" ? "attachedRequired" : field), @object.At("spec", field), "field is immutable");
        return errors;
    }

    private static void TokenRequests(FieldErrors errors, JsonElement requests, FieldPath path)
    {
        var audiences = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < requests.Count(); i++)
        {
            var audience = requests[i].At("audience").Text("");
            if (!audiences.Add(audience))
                errors.Duplicate(path.Index(i).Child("audience"), audience);
            else if (requests[i].At("expirationSeconds").Integer() is { } seconds)
            {
                if (seconds < 600)
                    errors.Invalid(path.Index(i).Child("expirationSeconds"), seconds, "may not specify a duration less than 10 minutes");
                if (seconds > 1L << 32)
                    errors.Invalid(path.Index(i).Child("expirationSeconds"), seconds, "may not specify a duration larger than 2^32 seconds");
            }
        }
    }
}
