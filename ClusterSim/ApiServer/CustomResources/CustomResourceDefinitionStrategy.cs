using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Objects;
using ClusterSim.Validation;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.CustomResources;

/// <summary>CustomResourceDefinitions on their way into the store (<c>pkg/registry/customresourcedefinition</c>).</summary>
internal sealed class CustomResourceDefinitionStrategy : KindStrategy
{
    /// <summary>What keeps a definition until its objects are gone.</summary>
    public const string Finalizer = "customresourcecleanup.apiextensions.k8s.io";

    /// <inheritdoc/>
    public override GroupVersionKind Kind { get; } = new("apiextensions.k8s.io", "v1", "CustomResourceDefinition");

    /// <inheritdoc/>
    public override bool AllowUnconditionalUpdate => false;

    /// <inheritdoc/>
    public override bool CountsGenerations => true;

    /// <inheritdoc/>
    public override bool ChecksFinalizers => false;

    /// <inheritdoc/>
    public override IReadOnlyList<string> StatusFields => ["status"];

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        var spec = @object.Ensure("spec");
        var names = spec.Ensure("names");
        var kind = names.Text("kind") ?? "";
        if (string.IsNullOrEmpty(names.Text("singular")) && kind.Length > 0)
            names["singular"] = kind.ToLowerInvariant();
        if (string.IsNullOrEmpty(names.Text("listKind")) && kind.Length > 0)
            names["listKind"] = kind + "List";
        spec.Default("conversion", Object(("strategy", "None")));
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object)
    {
        @object["status"] = new JsonObject
        {
            ["conditions"] = null,
            ["acceptedNames"] = Object(("plural", ""), ("kind", "")),
            ["storedVersions"] = null,
        };
        KeepStored(@object);
    }

    /// <inheritdoc/>
    public override void PrepareForUpdate(JsonObject @object, JsonElement old) => KeepStored(@object);

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object) => DefinitionRules.Validate(@object);

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old) => DefinitionRules.ValidateUpdate(@object, old);

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(JsonElement @object, JsonElement old)
    {
        var before = Told(old).ToHashSet(StringComparer.Ordinal);
        return Told(@object).Where(warning => !before.Contains(warning));
    }

    /// <inheritdoc/>
    public override bool BeginDeletion(JsonObject @object, DateTimeOffset now)
    {
        var metadata = @object.Ensure("metadata");
        metadata["deletionTimestamp"] = now.Stamp();
        var finalizers = metadata["finalizers"] as JsonArray ?? [];
        if (!finalizers.Any(name => (string?)name == Finalizer))
            finalizers.Add(Finalizer);
        metadata["finalizers"] = finalizers.DeepClone();
        Conditions.Set(
            @object.Ensure("status"), "Terminating", "True", "InstanceDeletionPending",
            "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon", now);
        return true;
    }

    private static void KeepStored(JsonObject @object)
    {
        var storage = ((@object["spec"] as JsonObject)?["versions"] as JsonArray)?.OfType<JsonObject>()
            .FirstOrDefault(version => version["storage"] is JsonValue flag && flag.TryGetValue<bool>(out var isStored) && isStored)?.Text("name");
        if (storage is null)
            return;
        var status = @object.Ensure("status");
        var stored = (status["storedVersions"] as JsonArray)?.DeepClone() as JsonArray ?? [];
        if (!stored.Any(name => (string?)name == storage))
            stored.Add(storage);
        status["storedVersions"] = stored;
    }

    private static IEnumerable<string> Told(JsonElement definition)
    {
        var all = definition.At("spec", "versions").Items()
            .Select(version => StructuralSchema.Read(version.At("schema", "openAPIV3Schema")))
            .OfType<StructuralSchema>().SelectMany(schema => schema.All()).ToList();
        foreach (var format in all.Where(schema => schema.Format.Length == 0).Select(schema => schema.Source.At("format").Text("")).Where(format => format.Length > 0).Distinct(StringComparer.Ordinal))
            yield return $"unrecognized format {GoText.Quote(format)}";
        foreach (var type in all.Where(schema => schema.ListType == "set" && schema.Items?.Type is "object" or "array").Select(schema => schema.Items!.Type).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            yield return $"x-kubernetes-list-type: set for items of type \"{type}\" is not supported by server-side apply or CEL validation rules";
        if (all.Any(schema => schema.Source.At("x-kubernetes-validations").Count() > 0))
            yield return "x-kubernetes-validations are stored and not acted on: the simulated cluster evaluates no CEL";
    }
}
