using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.Apps;

/// <summary>ReplicaSets.</summary>
internal sealed class ReplicaSetStrategy : KindStrategy
{
    private static readonly Dictionary<string, Func<JsonElement, string>> Fields = new(StringComparer.Ordinal)
    {
        ["status.replicas"] = set => set.At("status", "replicas").Integer(0).ToString(),
    };

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("apps", "v1", "ReplicaSet");

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
        PodSpecDefaults.DefaultTemplate(spec);
        spec.Default("replicas", 1);
        @object.Ensure("status").Default("replicas", 0);
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object) => @object["status"] = JsonBuilding.Object(("replicas", 0));

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        Spec(errors, @object.At("spec"));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        Spec(errors, @object.At("spec"));
        Workloads.ImmutableSelector(errors, @object, old);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        ReplicaStatus(errors, @object.At("status"));
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(JsonElement @object, JsonElement old) =>
        PodWarnings.OfTemplate(@object.At("spec", "template"), FieldPath.Spec.Child("template"));

    /// <summary>The counts of a ReplicaSet's or ReplicationController's status.</summary>
    public static void ReplicaStatus(FieldErrors errors, JsonElement status)
    {
        NumberRules.AllNonNegative(
            errors, status, FieldPath.Status, "replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration");
        Workloads.NotAbove(errors, status, "replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas");
        if (status.At("availableReplicas").Integer(0) > status.At("readyReplicas").Integer(0))
            errors.Invalid(FieldPath.Status.Child("availableReplicas"), status.At("availableReplicas").Integer(0), "cannot be greater than readyReplicas");
    }

    private static void Spec(FieldErrors errors, JsonElement spec)
    {
        var path = FieldPath.Spec;
        NumberRules.NonNegative(errors, spec, "replicas", path);
        NumberRules.NonNegative(errors, spec, "minReadySeconds", path);
        if (Workloads.Selector(errors, spec, path, "empty selector is invalid for deployment", "invalid label selector"))
            Workloads.ReplicatedTemplate(errors, spec, path);
    }
}
