using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Core;

/// <summary>Namespaces.</summary>
internal sealed class NamespaceStrategy : KindStrategy
{
    private const string NameLabel = "kubernetes.io/metadata.name";

    private static readonly Dictionary<string, Func<JsonElement, string>> Fields = new(StringComparer.Ordinal)
    {
        ["status.phase"] = @namespace => @namespace.At("status", "phase").Text(""),
        ["name"] = @namespace => @namespace.At("metadata", "name").Text(""),
    };

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("", "v1", "Namespace");

    /// <inheritdoc/>
    public override NameRule NameRule => NameRules.Label;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Func<JsonElement, string>> SelectableFields => Fields;

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        @object.Ensure("spec");
        @object.Ensure("status");
        Labelled(@object);
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object)
    {
        @object["status"] = JsonBuilding.Object(("phase", "Active"));
        var spec = @object.Ensure("spec");
        var finalizers = spec["finalizers"] as JsonArray ?? [];
        if (!finalizers.Any(item => item?.GetValue<string>() == "kubernetes"))
            finalizers.Add((JsonNode?)"kubernetes");
        if (finalizers.Parent is null)
            spec["finalizers"] = finalizers;
        Labelled(@object);
    }

    /// <inheritdoc/>
    public override void PrepareForUpdate(JsonObject @object, JsonElement old)
    {
        // Its finalizers have a subresource of their own.
        var spec = @object.Ensure("spec");
        spec.Remove("finalizers");
        if (old.At("spec", "finalizers").ToNode() is { } finalizers)
            spec["finalizers"] = finalizers;
        Labelled(@object);
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var path = FieldPath.Spec.Child("finalizers");
        foreach (var finalizer in @object.At("spec", "finalizers").Items())
        {
            errors.InvalidEach(path, finalizer.Text(""), NameRules.QualifiedName(finalizer.Text("")));
            ObjectMetaValidation.Finalizer(errors, finalizer.Text(""), path);
        }
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old) => [];

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        var phase = @object.At("status", "phase").Text("");
        var isDeleting = @object.At("metadata", "deletionTimestamp").Exists();
        if (!isDeleting && phase != "Active")
            errors.Invalid(FieldPath.Status.Child("Phase"), phase, "may only be 'Active' if `deletionTimestamp` is empty");
        else if (isDeleting && phase != "Terminating")
            errors.Invalid(FieldPath.Status.Child("Phase"), phase, "may only be 'Terminating' if `deletionTimestamp` is not empty");
        return errors;
    }

    private static void Labelled(JsonObject @object)
    {
        var metadata = @object.Ensure("metadata");
        if (metadata.Text("name") is { Length: > 0 } name)
            metadata.Ensure("labels")[NameLabel] = name;
    }
}
