using System.Globalization;
using System.Text.Json;

namespace ClusterSim.Validation.Core;

/// <summary>The rules of pod templates, and those that templates and Pods share.</summary>
internal static class PodTemplateValidation
{
    /// <summary>What a template that a selector does not take is told.</summary>
    public const string SelectorMismatch = "`selector` does not match template `labels`";

    private const string Mirror = "kubernetes.io/config.mirror";
    private const string AppArmor = "container.apparmor.security.beta.kubernetes.io/";

    /// <summary>Checks a template.</summary>
    public static void Validate(FieldErrors errors, JsonElement template, FieldPath path, PodValidationOptions? options = null)
    {
        var metadata = template.At("metadata");
        var spec = template.At("spec");
        LabelValidation.Labels(errors, metadata.At("labels"), path.Child("labels"));
        LabelValidation.Annotations(errors, metadata.At("annotations"), path.Child("annotations"));
        Annotations(errors, metadata.At("annotations"), spec, path.Child("annotations"));
        PodSpecValidation.Validate(errors, spec, null, path.Child("spec"), options ?? PodValidationOptions.Template);
        SecurityContextValidation.AnnotationsMatch(errors, metadata, spec, path.Child("spec"));
        if (spec.At("ephemeralContainers").Count() > 0)
            errors.Forbidden(path.Child("spec", "ephemeralContainers"), "ephemeral containers not allowed in pod template");
    }

    /// <summary>A template whose pods never end: those of Deployments and the like.</summary>
    public static void AlwaysRestarting(FieldErrors errors, JsonElement template, FieldPath path, string kind)
    {
        var spec = template.At("spec");
        if (spec.At("restartPolicy").Text("") is var policy && policy != "Always")
            errors.NotSupported(path.Child("spec", "restartPolicy"), policy, "Always");
        if (spec.At("activeDeadlineSeconds").Exists())
            errors.Forbidden(path.Child("spec", "activeDeadlineSeconds"), $"activeDeadlineSeconds in {kind} is not Supported");
    }

    /// <summary>The selector of a controller takes its template's labels.</summary>
    public static void Selected(FieldErrors errors, JsonElement template, FieldPath path)
    {
        errors.Invalid(
            path.Child("metadata", "labels"), GoText.RenderMap(template.At("metadata", "labels")), SelectorMismatch, rendered: true);
    }

    /// <summary>The annotations that mean something to pods.</summary>
    public static void Annotations(FieldErrors errors, JsonElement annotations, JsonElement spec, FieldPath path)
    {
        if (annotations.Count() == 0)
            return;
        if (annotations.At(Mirror).Text() is { } mirror && spec.At("nodeName").Text("").Length == 0)
            errors.Invalid(path.Key(Mirror), mirror, "must set spec.nodeName if mirror pod annotation is set");
        if (annotations.At("controller.kubernetes.io/pod-deletion-cost").Text() is { } cost && !IsDeletionCost(cost))
            errors.Invalid(path.Key("controller.kubernetes.io/pod-deletion-cost"), cost, "must be a 32bit integer");
        foreach (var annotation in annotations.Fields())
        {
            var value = annotation.Value.Text("");
            if (annotation.Name == "seccomp.security.alpha.kubernetes.io/pod"
                || annotation.Name.StartsWith("container.seccomp.security.alpha.kubernetes.io/", StringComparison.Ordinal))
            {
                if (value.StartsWith("localhost/", StringComparison.Ordinal))
                    VolumeValidation.LocalDescendingPath(errors, value["localhost/".Length..], path.Child(annotation.Name));
                else if (value is not ("runtime/default" or "docker/default" or "unconfined"))
                    errors.Invalid(path.Child(annotation.Name), value, "must be a valid seccomp profile");
            }
            else if (annotation.Name.StartsWith(AppArmor, StringComparison.Ordinal))
            {
                var container = annotation.Name[AppArmor.Length..];
                if (!SecurityContextValidation.Containers(spec, null).Any(found => found.Container.At("name").Text("") == container))
                    errors.Invalid(path.Key(annotation.Name), container, "container not found");
                if (value is not ("" or "runtime/default" or "unconfined") && !value.StartsWith("localhost/", StringComparison.Ordinal))
                    errors.Invalid(path.Key(annotation.Name), value, $"invalid AppArmor profile name: {GoText.Quote(value)}");
            }
        }
    }

    /// <summary>The annotations of a Pod that may not change.</summary>
    public static void AnnotationUpdates(FieldErrors errors, JsonElement annotations, JsonElement old, FieldPath path)
    {
        foreach (var annotation in old.Fields())
        {
            if (SemanticEquality.Equal(annotation.Value, annotations.At(annotation.Name)))
                continue;
            if (annotation.Name.StartsWith(AppArmor, StringComparison.Ordinal))
                errors.Forbidden(path.Key(annotation.Name), "may not remove or update AppArmor annotations");
            if (annotation.Name == Mirror)
                errors.Forbidden(path.Key(annotation.Name), "may not remove or update mirror pod annotation");
        }
        foreach (var annotation in annotations.Fields())
        {
            if (old.At(annotation.Name).Exists())
                continue;
            if (annotation.Name.StartsWith(AppArmor, StringComparison.Ordinal))
                errors.Forbidden(path.Key(annotation.Name), "may not add AppArmor annotations");
            if (annotation.Name == Mirror)
                errors.Forbidden(path.Key(annotation.Name), "may not add mirror pod annotation");
        }
    }

    private static bool IsDeletionCost(string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) && !text.StartsWith('+')
        && (text == "0" || !text.TrimStart('-').StartsWith('0'));
}
