using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Machinery;

/// <summary>The rules of labels, annotations and label selectors (<c>k8s.io/apimachinery/pkg/apis/meta/v1/validation</c>).</summary>
internal static class LabelValidation
{
    /// <summary>The most bytes that annotations may have together.</summary>
    public const int AnnotationsMaximumBytes = 256 * 1024;

    /// <summary>Every key is a qualified name, every value a label value; also of node selectors and Services' selectors.</summary>
    public static void Labels(FieldErrors errors, JsonElement labels, FieldPath path)
    {
        foreach (var label in labels.Fields())
        {
            errors.InvalidEach(path, label.Name, NameRules.QualifiedName(label.Name));
            var value = label.Value.Text("");
            errors.InvalidEach(path, value, NameRules.LabelValue(value));
        }
    }

    /// <summary>Every key is a qualified name whatever its case, and all together are not too large.</summary>
    public static void Annotations(FieldErrors errors, JsonElement annotations, FieldPath path)
    {
        long total = 0;
        foreach (var annotation in annotations.Fields())
        {
            errors.InvalidEach(path, annotation.Name, NameRules.QualifiedName(annotation.Name.ToLowerInvariant()));
            total += Encoding.UTF8.GetByteCount(annotation.Name) + Encoding.UTF8.GetByteCount(annotation.Value.Text(""));
        }
        if (total > AnnotationsMaximumBytes)
            errors.TooLong(path, AnnotationsMaximumBytes);
    }

    /// <summary>The bytes of all keys and values together.</summary>
    public static long AnnotationsSize(JsonObject annotations) =>
        annotations.Sum(annotation => (long)Encoding.UTF8.GetByteCount(annotation.Key) + Encoding.UTF8.GetByteCount((string?)annotation.Value ?? ""));

    /// <summary>A selector's form; nothing where there is none.</summary>
    public static void Selector(FieldErrors errors, JsonElement selector, FieldPath path)
    {
        if (!selector.Exists())
            return;
        Labels(errors, selector.At("matchLabels"), path.Child("matchLabels"));
        var index = 0;
        foreach (var requirement in selector.At("matchExpressions").Items())
            Requirement(errors, requirement, path.Child("matchExpressions").Index(index++));
    }

    /// <summary>A label's key.</summary>
    public static void Key(FieldErrors errors, string key, FieldPath path) => errors.InvalidEach(path, key, NameRules.QualifiedName(key));

    /// <summary>Whether a selector has neither labels nor expressions (or is not there).</summary>
    public static bool IsEmpty(JsonElement selector) => selector.At("matchLabels").Count() + selector.At("matchExpressions").Count() == 0;

    private static void Requirement(FieldErrors errors, JsonElement requirement, FieldPath path)
    {
        var @operator = requirement.At("operator").Text("");
        var values = requirement.At("values");
        switch (@operator)
        {
            case "In" or "NotIn":
                if (values.Count() == 0)
                    errors.Required(path.Child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
                break;
            case "Exists" or "DoesNotExist":
                if (values.Count() > 0)
                    errors.Forbidden(path.Child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                break;
            default:
                errors.Invalid(path.Child("operator"), @operator, "not a valid selector operator");
                break;
        }
        Key(errors, requirement.At("key").Text(""), path.Child("key"));
        var index = 0;
        foreach (var value in values.Items())
        {
            var text = value.Text("");
            errors.InvalidEach(path.Child("values").Index(index++), text, NameRules.LabelValue(text));
        }
    }

    /// <summary>
    /// Whether a selector takes these labels; null where the selector is not well-formed (it matches nothing and everything is unsure).
    /// A missing selector takes nothing, an empty one everything.
    /// </summary>
    public static bool? Matches(JsonElement selector, JsonElement labels)
    {
        if (!selector.Exists())
            return false;
        var errors = new FieldErrors();
        Selector(errors, selector, FieldPath.Whole);
        if (errors.Count > 0)
            return null;
        foreach (var wanted in selector.At("matchLabels").Fields())
            if (!HasValue(labels, wanted.Name, wanted.Value.Text("")))
                return false;
        foreach (var requirement in selector.At("matchExpressions").Items())
        {
            var value = labels.At(requirement.At("key").Text("")).Text();
            var isListed = value is not null && requirement.At("values").Items().Any(item => item.Text() == value);
            var holds = requirement.At("operator").Text() switch
            {
                "In" => isListed,
                "NotIn" => !isListed,
                "Exists" => value is not null,
                _ => value is null,
            };
            if (!holds)
                return false;
        }
        return true;
    }

    private static bool HasValue(JsonElement labels, string key, string value)
    {
        var found = labels.At(key);
        return found.ValueKind == JsonValueKind.String && found.ValueEquals(value);
    }
}
