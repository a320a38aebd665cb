using System.Text.Json;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.Storage;

/// <summary>CSINodes.</summary>
internal sealed class CsiNodeStrategy : KindStrategy
{
    private const int NodeIdLengthMax = 192;

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("storage.k8s.io", "v1", "CSINode");

    /// <inheritdoc/>
    public override bool AllowUnconditionalUpdate => false;

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var driver in @object.At("spec", "drivers").Items())
            Driver(errors, driver, names, FieldPath.Spec.Child("drivers").Index(index++));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        errors.AddRange(Validate(@object));
        // How many volumes a node takes may be learned anew; the rest of a driver's entry stays.
        foreach (var before in old.At("spec", "drivers").Items())
            foreach (var now in @object.At("spec", "drivers").Items())
                if (now.At("name").Text() == before.At("name").Text() && !SemanticEquality.EqualExcept(now, before, ["allocatable"]))
                    errors.Invalid(
                        FieldPath.Spec.Child("drivers"),
                        GoText.RenderInternal(now, ("Name", "name"), ("NodeID", "nodeID"), ("TopologyKeys", "topologyKeys"), ("Allocatable", "")), "field is immutable", rendered: true);
        return errors;
    }

    private static void Driver(FieldErrors errors, JsonElement driver, HashSet<string> names, FieldPath path)
    {
        var name = driver.At("name").Text("");
        VolumeValidation.CsiDriverName(errors, name, path.Child("name"));
        var id = driver.At("nodeID").Text("");
        if (id.Length == 0)
            errors.Required(path.Child("nodeID"));
        if (id.Length > NodeIdLengthMax)
            errors.Invalid(path.Child("nodeID"), id, $"must be {NodeIdLengthMax} characters or less");
        if (driver.At("allocatable", "count").Exists())
            NumberRules.NonNegative(errors, driver.At("allocatable"), "count", path.Child("allocatable"));
        if (!names.Add(name))
            errors.Duplicate(path.Child("name"), name);
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var item in driver.At("topologyKeys").Items())
        {
            var key = item.Text("");
            if (key.Length == 0)
                errors.Required(path);
            if (!keys.Add(key))
                errors.Duplicate(path, key);
            errors.InvalidEach(path, key, NameRules.QualifiedName(key));
        }
    }
}
