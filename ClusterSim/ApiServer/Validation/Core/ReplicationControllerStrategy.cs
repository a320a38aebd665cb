using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Validation.Apps;

namespace ClusterSim.Validation.Core;

/// <summary>ReplicationControllers.</summary>
internal sealed class ReplicationControllerStrategy : KindStrategy
{
    private static readonly Dictionary<string, Func<JsonElement, string>> Fields = new(StringComparer.Ordinal)
    {
        ["status.replicas"] = controller => controller.At("status", "replicas").Integer(0).ToString(),
    };

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("", "v1", "ReplicationController");

    /// <inheritdoc/>
    public override bool CountsGenerations => true;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Func<JsonElement, string>> SelectableFields => Fields;

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        var spec = @object.Ensure("spec");
        if (spec["template"] is JsonObject template)
        {
            PodSpecDefaults.DefaultTemplate(spec);
            // Selector and labels default from the template's labels.
            if (template["metadata"] is JsonObject metadata && metadata["labels"] is JsonObject { Count: > 0 } labels)
            {
                if (spec["selector"] is not JsonObject { Count: > 0 })
                    spec["selector"] = labels.DeepClone();
                if (@object.Ensure("metadata")["labels"] is not JsonObject { Count: > 0 })
                    @object.Ensure("metadata")["labels"] = labels.DeepClone();
            }
        }
        spec.Default("replicas", 1);
        @object.Ensure("status").Default("replicas", 0);
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object) => @object["status"] = JsonBuilding.Object(("replicas", 0));

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var spec = @object.At("spec");
        var path = FieldPath.Spec;
        NumberRules.NonNegative(errors, spec, "minReadySeconds", path);
        var selector = spec.At("selector");
        if (selector.Count() == 0)
            errors.Required(path.Child("selector"));
        NumberRules.NonNegative(errors, spec, "replicas", path);
        var template = spec.At("template");
        if (!template.Exists())
        {
            errors.Required(path.Child("template"));
            return errors;
        }
        var labels = template.At("metadata", "labels");
        if (selector.Fields().Any(wanted => labels.At(wanted.Name).Text() != wanted.Value.Text("")))
            PodTemplateValidation.Selected(errors, template, path.Child("template"));
        PodTemplateValidation.Validate(errors, template, path.Child("template"));
        PodTemplateValidation.AlwaysRestarting(errors, template, path.Child("template"), "ReplicationController");
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        ReplicaSetStrategy.ReplicaStatus(errors, @object.At("status"));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(JsonElement @object, JsonElement old) =>
        PodWarnings.OfTemplate(@object.At("spec", "template"), FieldPath.Spec.Child("template"));
}
