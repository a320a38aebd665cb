using System.Text.Json;
using ClusterSim.Validation.Core;

namespace ClusterSim.Validation.Autoscaling;

/// <summary>The rules of what an autoscaler measures.</summary>
internal static class MetricValidation
{
    private const string Populate = "must populate information for the given metric source";
    private static readonly string[] Types = ["ContainerResource", "External", "Object", "Pods", "Resource"];
    private static readonly string[] Sources = ["object", "external", "pods", "resource", "containerResource"];

    /// <summary>An object of any kind, by name.</summary>
    public static void Reference(FieldErrors errors, JsonElement reference, FieldPath path)
    {
        foreach (var field in (ReadOnlySpan<string>)["kind", "name"])
            if (reference.At(field).Text("") is var value && value.Length == 0)
                errors.Required(path.Child(field));
            else
                errors.InvalidEach(path.Child(field), value, NameRules.PathSegmentName(value));
    }

    /// <summary>All the metrics.</summary>
    public static void Metrics(FieldErrors errors, JsonElement metrics, FieldPath path, bool toZero)
    {
        var anyFromOutside = false;
        for (var i = 0; i < metrics.Count(); i++)
        {
            Metric(errors, metrics[i], path.Index(i));
            anyFromOutside |= metrics[i].At("type").Text() is "Object" or "External";
        }
        if (toZero && !anyFromOutside)
            errors.Forbidden(path, "must specify at least one Object or External metric to support scaling to zero replicas");
    }

    private static void Metric(FieldErrors errors, JsonElement metric, FieldPath path)
    {
        var type = metric.At("type").Text("");
        if (type.Length == 0)
            errors.Required(path.Child("type"), "must specify a metric source type");
        if (!Types.Contains(type))
            errors.NotSupported(path.Child("type"), type, Types);
        var present = new List<string>();
        foreach (var source in Sources)
        {
            if (!metric.At(source).Exists())
                continue;
            present.Add(source);
            if (present.Count == 1)
                Source(errors, source, metric.At(source), path.Child(source));
        }
        var expected = "";
        if (Types.Contains(type))
        {
            expected = char.ToLowerInvariant(type[0]) + type[1..];
            if (!present.Contains(expected))
                errors.Required(path.Child(expected), Populate);
        }
        else
        {
            errors.NotSupported(path.Child("type"), type, Types);
        }
        if (present.Count != 1)
            foreach (var source in present)
                if (source != expected)
                    errors.Forbidden(path.Child(source), "must populate the given metric source only");
    }

    private static void Source(FieldErrors errors, string kind, JsonElement source, FieldPath path)
    {
        if (kind == "object")
            Reference(errors, source.At("describedObject"), path.Child("describedObject"));
        if (kind is "resource" or "containerResource")
        {
            if (source.At("name").Text("") is var name && name.Length == 0)
                errors.Required(path.Child("name"), "must specify a resource name");
            else if (kind == "containerResource")
                ResourceValidation.ContainerName(errors, name, path.Child("name"));
            if (kind == "containerResource" && source.At("container").Text("") is var container)
            {
                if (container.Length == 0)
                    errors.Required(path.Child("container"), "must specify a container");
                else
                    errors.InvalidEach(path.Child("container"), container, NameRules.DnsLabel(container));
            }
        }
        else
        {
            if (source.At("metric", "name").Text("") is var name && name.Length == 0)
                errors.Required(path.Child("metric", "name"), "must specify a metric name");
            else
                errors.InvalidEach(path.Child("metric", "name"), name, NameRules.PathSegmentName(name));
            LabelValidation.Selector(errors, source.At("metric", "selector"), path.Child("metric", "selector"));
        }
        var target = source.At("target");
        var at = path.Child("target");
        Target(errors, target, at);
        var (value, average, utilization) = (target.At("value").Exists(), target.At("averageValue").Exists(), target.At("averageUtilization").Exists());
        switch (kind)
        {
            case "object" when !value && !average:
                errors.Required(at.Child("averageValue"), "must set either a target value or averageValue");
                break;
            case "external" when !value && !average:
                errors.Required(at.Child("averageValue"), "must set either a target value for metric or a per-pod target");
                break;
            case "external" when value && average:
                errors.Forbidden(at.Child("value"), "may not set both a target value for metric and a per-pod target");
                break;
            case "pods" when !average:
                errors.Required(at.Child("averageValue"), "must specify a positive target averageValue");
                break;
            case "resource" or "containerResource" when !utilization && !average:
                errors.Required(at.Child("averageUtilization"), "must set either a target raw value or a target utilization");
                break;
            case "resource" or "containerResource" when utilization && average:
                errors.Forbidden(at.Child("averageValue"), "may not set both a target raw value and a target utilization");
                break;
            default:
                break;
        }
    }

    private static void Target(FieldErrors errors, JsonElement target, FieldPath path)
    {
        var type = target.At("type").Text("");
        if (type.Length == 0)
            errors.Required(path.Child("type"), "must specify a metric target type");
        if (type is not ("Utilization" or "Value" or "AverageValue"))
            errors.Invalid(path.Child("type"), type, "must be either Utilization, Value, or AverageValue");
        foreach (var field in (ReadOnlySpan<string>)["value", "averageValue"])
            if (target.At(field) is var amount && amount.Exists() && Amount.Of(amount) <= 0)
                errors.Invalid(path.Child(field), Amount.Text(amount), "must be positive");
        if (target.At("averageUtilization").Integer() is { } utilization and < 1)
            errors.Invalid(path.Child("averageUtilization"), utilization, "must be greater than 0");
    }
}
