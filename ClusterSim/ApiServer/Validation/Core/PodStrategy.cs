using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Core;

/// <summary>Pods.</summary>
internal sealed class PodStrategy : KindStrategy
{
    private const string MirrorAnnotation = "kubernetes.io/config.mirror";

    private static readonly Dictionary<string, Func<JsonElement, string>> Fields = new(StringComparer.Ordinal)
    {
        ["spec.nodeName"] = pod => pod.At("spec", "nodeName").Text(""),
        ["spec.restartPolicy"] = pod => pod.At("spec", "restartPolicy").Text(""),
        ["spec.schedulerName"] = pod => pod.At("spec", "schedulerName").Text(""),
        ["spec.serviceAccountName"] = pod => pod.At("spec", "serviceAccountName").Text(""),
        ["spec.hostNetwork"] = pod => pod.At("spec", "hostNetwork").Flag(false) ? "true" : "false",
        ["status.phase"] = pod => pod.At("status", "phase").Text(""),
        ["status.podIP"] = pod => pod.At("status", "podIPs").Count() > 0 ? pod.At("status", "podIPs")[0].At("ip").Text("") : pod.At("status", "podIP").Text(""),
        // Known and never set (ToSelectableFields): only the absence of addresses can be selected.
        ["status.podIPs"] = _ => "",
        ["status.nominatedNodeName"] = pod => pod.At("status", "nominatedNodeName").Text(""),
    };

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("", "v1", "Pod");

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
        PodSpecDefaults.DefaultPod(spec);
        PodSpecDefaults.DefaultSpec(spec);
        @object.Ensure("status");
    }

    /// <inheritdoc/>
    public override void PrepareForCreate(JsonObject @object)
    {
        var spec = @object.Ensure("spec");
        @object["status"] = JsonBuilding.Object(("phase", "Pending"), ("qosClass", QualityOfService.Of(spec.ToElement())));
        // A gated pod says so from its first moment.
        if (spec["schedulingGates"] is JsonArray { Count: > 0 })
            @object.Ensure("status")["conditions"] = new JsonArray(JsonBuilding.Object(
                ("type", "PodScheduled"), ("status", "False"), ("reason", "SchedulingGated"),
                ("message", "Scheduling is blocked due to non-empty scheduling gates")));
    }

    /// <inheritdoc/>
    public override void Canonicalize(JsonObject @object)
    {
        if (@object["spec"] is JsonObject spec && spec.Integer("terminationGracePeriodSeconds") < 0)
            spec["terminationGracePeriodSeconds"] = 1;
    }

    /// <inheritdoc/>
    public override string FieldLabel(string label, GroupVersion version) => label == "spec.host" ? "spec.nodeName" : label;

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        var spec = @object.At("spec");
        MetadataAndSpec(errors, @object);
        if (spec.At("ephemeralContainers").Count() > 0)
            errors.Forbidden(FieldPath.Spec.Child("ephemeralContainers"), "cannot be set on create");
        if (spec.At("nodeName").Text("").Length > 0 && spec.At("schedulingGates").Count() > 0)
            errors.Forbidden(FieldPath.Spec.Child("nodeName"), "cannot be set until all schedulingGates have been cleared");
        SecurityContextValidation.AnnotationsMatch(errors, @object.At("metadata"), spec, FieldPath.Spec);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        MetadataAndSpec(errors, @object);
        AnnotationUpdates(errors, @object, old);
        PodUpdateValidation.Spec(errors, @object.At("spec"), old.At("spec"), FieldPath.Spec);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateStatusUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        AnnotationUpdates(errors, @object, old);
        PodUpdateValidation.Status(errors, @object, old);
        return errors;
    }

    /// <summary>The rules of a write to the <c>ephemeralcontainers</c> subresource.</summary>
    public static IEnumerable<FieldError> ValidateEphemeralContainers(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        MetadataAndSpec(errors, @object);
        AnnotationUpdates(errors, @object, old);
        if (old.At("metadata", "annotations", MirrorAnnotation).Exists())
            return [new FieldError("FieldValueForbidden", "", "Forbidden: static pods do not support ephemeral containers")];
        PodUpdateValidation.EphemeralContainers(errors, @object.At("spec"), old.At("spec"), FieldPath.Spec.Child("ephemeralContainers"));
        return errors;
    }

    /// <summary>The rules of a write to the <c>resize</c> subresource.</summary>
    public static IEnumerable<FieldError> ValidateResize(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        MetadataAndSpec(errors, @object);
        if (PodResizeValidation.Impossible(@object, old) is { } impossible)
            return [impossible];
        PodResizeValidation.Validate(errors, @object, old, FieldPath.Spec);
        return errors;
    }

    /// <inheritdoc/>
    public override void KeepOutside(string subresource, JsonObject @object, JsonElement old)
    {
        if (subresource == "ephemeralcontainers")
            PodParts.KeepAllButEphemeralContainers(@object, old);
        else if (subresource == "resize")
            PodParts.KeepAllButResources(@object, old);
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateSubresourceUpdate(string subresource, JsonElement @object, JsonElement old) => subresource switch
    {
        "ephemeralcontainers" => ValidateEphemeralContainers(@object, old),
        "resize" => ValidateResize(@object, old),
        _ => ValidateUpdate(@object, old),
    };

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(JsonElement @object, JsonElement old) =>
        PodWarnings.Of(@object.At("metadata"), @object.At("spec"), null);

    private static void AnnotationUpdates(FieldErrors errors, JsonElement pod, JsonElement old)
    {
        var path = FieldPath.Metadata.Child("annotations");
        PodTemplateValidation.AnnotationUpdates(errors, pod.At("metadata", "annotations"), old.At("metadata", "annotations"), path);
        PodTemplateValidation.Annotations(errors, pod.At("metadata", "annotations"), pod.At("spec"), path);
    }

    private static void MetadataAndSpec(FieldErrors errors, JsonElement pod)
    {
        var spec = pod.At("spec");
        PodTemplateValidation.Annotations(errors, pod.At("metadata", "annotations"), spec, FieldPath.Metadata.Child("annotations"));
        PodSpecValidation.Validate(errors, spec, pod.At("metadata", "name").Text(""), FieldPath.Spec, PodValidationOptions.Pod);
        if (spec.At("serviceAccountName").Text("").Length == 0)
        {
            var index = 0;
            foreach (var volume in spec.At("volumes").Items())
            {
                var at = FieldPath.Spec.Child("volumes").Index(index++).Child("projected", "sources");
                var sourceIndex = 0;
                foreach (var source in volume.At("projected", "sources").Items())
                {
                    var sourcePath = at.Index(sourceIndex++);
                    if (source.At("serviceAccountToken").Exists())
                        errors.Forbidden(sourcePath.Child("serviceAccountToken"), "must not be specified when serviceAccountName is not set");
                }
            }
        }
        ContainerValidation.OnlyForPod(errors, spec, FieldPath.Spec);
    }
}
