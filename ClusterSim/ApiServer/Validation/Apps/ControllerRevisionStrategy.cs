using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Apps;

/// <summary>ControllerRevisions.</summary>
internal sealed class ControllerRevisionStrategy : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("apps", "v1", "ControllerRevision");

    /// <inheritdoc/>
    public override void Default(JsonObject @object) => @object.Default("revision", 0);

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        Revision(errors, @object);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        Revision(errors, @object);
        if (!SemanticEquality.Equal(@object.At("data"), old.At("data")))
            errors.Invalid(FieldPath.Of("data"), @object.At("data"), "field is immutable");
        return errors;
    }

    private static void Revision(FieldErrors errors, JsonElement revision)
    {
        if (!revision.At("data").Exists())
            errors.Required(FieldPath.Of("data"), "data is mandatory");
        if (revision.At("revision").Integer() is { } number and < 0)
            errors.Invalid(FieldPath.Of("revision"), number, NumberRules.Negative);
    }
}
