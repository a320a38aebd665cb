using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Core;

/// <summary>PodTemplates.</summary>
internal sealed class PodTemplateStrategy : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("", "v1", "PodTemplate");

    /// <inheritdoc/>
    public override bool CountsGenerations => true;

    /// <inheritdoc/>
    public override void Default(JsonObject @object) => PodSpecDefaults.DefaultTemplate(@object);

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        PodTemplateValidation.Validate(errors, @object.At("template"), FieldPath.Of("template"));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(JsonElement @object, JsonElement old) =>
        PodWarnings.OfTemplate(@object.At("template"), FieldPath.Of("template"));
}
