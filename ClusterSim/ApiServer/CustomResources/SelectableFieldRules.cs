using System.Text.Json;

namespace ClusterSim.CustomResources;

/// <summary>The rules of <c>selectableFields</c>: simple paths to strings, integers and booleans, at most eight.</summary>
internal static class SelectableFieldRules
{
    private const int Max = 8;

    /// <summary>Adds what is wrong with a version's.</summary>
    public static void Check(FieldErrors errors, JsonElement version, FieldPath path)
    {
        var fields = version.At("selectableFields");
        if (fields.Count() == 0)
            return;
        var schema = StructuralSchema.Read(version.At("schema", "openAPIV3Schema"));
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var index = 0;
        foreach (var field in fields.Items())
        {
            var at = path.Index(index++).Child("jsonPath");
            var text = field.At("jsonPath").Text("");
            if (text.Length == 0)
            {
                errors.Required(at);
                continue;
            }
            var found = schema;
            if (text[0] == '.')
                foreach (var step in text[1..].Split('.'))
                    found = found?.Properties.GetValueOrDefault(step);
            else
                found = null;
            if (found is null)
            {
                errors.Invalid(at, text, "is an invalid path: does not refer to a valid field");
                continue;
            }
            if (text.StartsWith(".metadata.", StringComparison.Ordinal))
                errors.Invalid(at, text, "must not point to fields in metadata");
            if (found.Type is not ("string" or "boolean" or "integer"))
                errors.Invalid(at, text, "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.");
            if (!seen.Add(text))
                errors.Duplicate(at, text);
        }
        if (seen.Count > Max)
            errors.TooMany(path, seen.Count, Max);
    }
}
