using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.Storage;

/// <summary>VolumeAttachments.</summary>
internal sealed class VolumeAttachmentStrategy : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("storage.k8s.io", "v1", "VolumeAttachment");

    /// <inheritdoc/>
    public override bool AllowUnconditionalUpdate => false;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override void Default(JsonObject @object) => @object.Ensure("status").Default("attached", false);

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object) => @object["status"] = JsonBuilding.Object(("attached", false));

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        Spec(errors, @object.At("spec"));
        // What version v1 asks for besides.
        VolumeValidation.CsiDriverName(errors, @object.At("spec", "attacher").Text(""), FieldPath.Spec.Child("attacher"));
        if (@object.At("spec", "source", "persistentVolumeName").Text() is { } name)
            errors.InvalidEach(FieldPath.Spec.Child("source", "persistentVolumeName"), name, NameRules.DnsSubdomain(name));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        Spec(errors, @object.At("spec"));
        if (!SemanticEquality.Equal(@object.At("spec"), old.At("spec")))
            errors.Invalid(FieldPath.Spec, @object.At("spec"), "field is immutable");
        return errors;
    }

    private static void Spec(FieldErrors errors, JsonElement spec)
    {
        if (spec.At("attacher").Text("").Length == 0)
            errors.Required(FieldPath.Spec.Child("attacher"));
        var name = spec.At("source", "persistentVolumeName").Text();
        var inline = spec.At("source", "inlineVolumeSpec").Exists();
        if (!inline && name is null)
            errors.Required(FieldPath.Spec.Child("source"), "must specify exactly one of inlineVolumeSpec and persistentVolumeName");
        else if (inline && name is not null)
            errors.Forbidden(FieldPath.Spec.Child("source"), "must specify exactly one of inlineVolumeSpec and persistentVolumeName");
        else if (name is { Length: 0 })
            errors.Required(FieldPath.Spec.Child("source", "persistentVolumeName"), "must specify non empty persistentVolumeName");
        var node = spec.At("nodeName").Text("");
        errors.InvalidEach(FieldPath.Spec.Child("nodeName"), node, NameRules.DnsSubdomain(node));
    }
}
