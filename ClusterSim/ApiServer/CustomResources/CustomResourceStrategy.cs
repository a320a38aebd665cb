using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Validation;

namespace ClusterSim.CustomResources;

/// <summary>The rules of a custom resource's objects in one version (<c>pkg/registry/customresource/strategy.go</c>).</summary>
internal sealed class CustomResourceStrategy(GroupVersionKind kind, CustomResourceVersion version) : KindStrategy
{
    /// <inheritdoc/>
    public override GroupVersionKind Kind => kind;

    /// <inheritdoc/>
    public override bool AllowUnconditionalUpdate => false;

    /// <inheritdoc/>
    public override bool CountsGenerations => true;

    /// <inheritdoc/>
    public override bool ChecksFinalizers => false;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => version.HasStatus ? ["status"] : [];

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Func<JsonElement, string>> SelectableFields { get; } = version.SelectableFields.ToDictionary(
        path => path.TrimStart('.'),
        path =>
        {
            var steps = path.TrimStart('.').Split('.');
            return (Func<JsonElement, string>)(@object => ScalePaths.At(@object, steps) is var value && value.ValueKind switch
            {
                JsonValueKind.String => value.GetString()!,
                JsonValueKind.True => "true",
                JsonValueKind.False => "false",
                JsonValueKind.Number => value.GetRawText(),
                _ => "",
            } is { } text ? text : "");
        },
        StringComparer.Ordinal);

    /// <inheritdoc/>
    public override void Default(JsonObject @object) => Pruning.Default(@object, version.Schema);

    /// <inheritdoc/>
    public override void PrepareForStatusUpdate(JsonObject @object, JsonElement old)
    {
        // Only the status is theirs, and the record of who wrote it.
        var managers = (@object["metadata"] as JsonObject)?["managedFields"]?.DeepClone();
        var metadata = old.At("metadata").ToObject();
        if (managers is not null)
            metadata["managedFields"] = managers;
        @object["metadata"] = metadata;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object) =>
        [.. SchemaValidator.Validate(version.Schema, @object, null, old: null), .. ScaleRules(@object, withSpec: true),
         .. EmbeddedResources.Validate(version.Schema, @object), .. ListInvariants.Validate(version.Schema, @object)];

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old) =>
        [.. SchemaValidator.Validate(version.Schema, @object, null, old), .. ScaleRules(@object, withSpec: true),
         .. EmbeddedResources.Validate(version.Schema, @object), .. ListsUnlessOld(@object, old)];

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonElement @object, JsonElement old)
    {
        StructuralSchema? schema = null;
        version.Schema?.Properties.TryGetValue("status", out schema);
        var before = old.ValueKind == JsonValueKind.Object && old.TryGetProperty("status", out var was) ? was : default(JsonElement?);
        return
        [
            .. @object.TryGetProperty("status", out var status) ? SchemaValidator.Validate(schema, status, FieldPath.Status, before) : [],
            .. ScaleRules(@object, withSpec: false),
            .. ListsUnlessOld(@object, old),
        ];
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(JsonElement @object, JsonElement old)
    {
        var known = old.At("metadata", "finalizers").Items().Select(item => item.Text("")).ToHashSet(StringComparer.Ordinal);
        foreach (var finalizer in @object.At("metadata", "finalizers").Items().Select(item => item.Text("")).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            if (!known.Contains(finalizer) && !finalizer.Contains('/', StringComparison.Ordinal) && finalizer is not ("orphan" or "foregroundDeletion" or "kubernetes"))
                yield return finalizer.Contains('.', StringComparison.Ordinal)
                    ? $"metadata.finalizers: {GoText.Quote(finalizer)}: prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers"
                    : $"metadata.finalizers: {GoText.Quote(finalizer)}: prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers";
    }

    private IReadOnlyList<FieldError> ListsUnlessOld(JsonElement @object, JsonElement old) =>
        ListInvariants.Validate(version.Schema, old).Count > 0 ? [] : ListInvariants.Validate(version.Schema, @object);

    private FieldErrors ScaleRules(JsonElement @object, bool withSpec)
    {
        var errors = new FieldErrors();
        if (version.Scale is not { } scale)
            return errors;
        if (withSpec)
            Replicas(errors, @object, scale.Spec);
        Replicas(errors, @object, scale.Status);
        if (scale.Selector is { } steps && ScalePaths.At(@object, steps) is var selector && selector.Exists() && selector.ValueKind != JsonValueKind.String)
            errors.Invalid(PathOf(steps), "", $"{string.Join('.', steps.Prepend(""))} accessor error: {GoText.Render(selector)} is of the type {GoText.TypeName(selector)}, expected string");
        return errors;
    }

    private static void Replicas(FieldErrors errors, JsonElement @object, IReadOnlyList<string> steps)
    {
        var replicas = ScalePaths.At(@object, steps);
        if (!replicas.Exists())
            return;
        if (replicas.Integer() is not { } count)
            errors.Invalid(PathOf(steps), 0, $"{string.Join('.', steps.Prepend(""))} accessor error: {GoText.Render(replicas)} is of the type {GoText.TypeName(replicas)}, expected int64");
        else if (count < 0)
            errors.Invalid(PathOf(steps), count, "should be a non-negative integer");
        else if (count > int.MaxValue)
            errors.Invalid(PathOf(steps), count, string.Create(CultureInfo.InvariantCulture, $"should be less than or equal to {int.MaxValue}"));
    }

    private static FieldPath PathOf(IReadOnlyList<string> steps) => FieldPath.Of("." + string.Join('.', steps));
}
