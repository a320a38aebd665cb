using System.Globalization;
using System.Text.Json;

namespace ClusterSim.CustomResources;

/// <summary>
/// Checks values against a schema, with the words of <c>k8s.io/kube-openapi/pkg/validation/validate</c>. On an update, what is wrong with a part that has not
/// changed is not told (ratcheting).
/// </summary>
internal static class SchemaValidator
{
    /// <summary>What is wrong with a value.</summary>
    /// <param name="schema">Its schema; null for none.</param>
    /// <param name="value">The value.</param>
    /// <param name="at">Where it stands; null for the object itself.</param>
    /// <param name="old">What it was before, in an update; null in a creation.</param>
    public static IReadOnlyList<FieldError> Validate(StructuralSchema? schema, JsonElement value, FieldPath? at, JsonElement? old)
    {
        if (schema is null)
            return [];
        var errors = new FieldErrors();
        foreach (var failure in Node(schema, value, "", old, isRoot: true).Failures)
            failure.AddTo(errors, at);
        return errors;
    }

    // A value with a counterpart in the old object: unchanged is excused.
    private static SchemaResult Node(StructuralSchema schema, JsonElement value, string path, JsonElement? old, bool isRoot = false)
    {
        var result = Check(schema, value, path, old, isRoot);
        return !result.IsValid && old is { } before && before.ValueKind != JsonValueKind.Undefined && JsonElement.DeepEquals(before, value) ? new SchemaResult() : result;
    }

    private static SchemaResult Check(StructuralSchema schema, JsonElement value, string path, JsonElement? old, bool isRoot = false)
    {
        var result = new SchemaResult();
        if (value.ValueKind == JsonValueKind.Null)
        {
            result.Count();
            if (schema.Types.Count > 0 && !schema.Nullable)
                result.Failures.Add(WrongType(path, string.Join(',', schema.Types), "null"));
            result.Merge(CheckEnum(schema, value, path));
            return result;
        }
        var steps = new List<SchemaResult?>();
        if (schema.Types.Count > 0 || schema.Format.Length > 0)
            steps.Add(CheckType(schema, value, path));
        steps.Add(CheckJunctors(schema, value, path, old));
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                steps.Add(CheckString(schema, value.GetString()!, path));
                if (SchemaFormats.IsKnown(schema.Format))
                    steps.Add(CheckFormat(schema, value.GetString()!, path));
                break;
            case JsonValueKind.Number:
                steps.Add(NumberChecks.Check(schema, value, path));
                break;
            case JsonValueKind.Array:
                steps.Add(CheckItems(schema, value, path, old));
                break;
            case JsonValueKind.Object:
                steps.Add(CheckEnum(schema, value, path));
                steps.Add(CheckFields(schema, value, path, old, isRoot));
                break;
        }
        if (value.ValueKind != JsonValueKind.Object)
            steps.Add(CheckEnum(schema, value, path));
        foreach (var step in steps)
        {
            result.Merge(step);
            result.Count();
        }
        result.Count();
        return result;
    }

    private static SchemaResult CheckType(StructuralSchema schema, JsonElement value, string path)
    {
        var result = new SchemaResult();
        result.Count();
        var found = value.ValueKind switch
        {
            JsonValueKind.String => "string",
            JsonValueKind.True or JsonValueKind.False => "boolean",
            JsonValueKind.Array => "array",
            JsonValueKind.Object => "object",
            _ => NumberChecks.IsInteger(value) ? "integer" : "number",
        };
        var types = schema.Types;
        if (found is "string" or "array" && schema.Format.Length > 0 && !types.Contains("number") && !types.Contains("integer"))
            return result;
        var fits = types.Contains(found)
            || (found == "integer" && types.Contains("number"))
            || (found == "number" && types.Contains("integer") && double.IsInteger(value.GetDouble()));
        if (!fits && types.Count > 0)
            result.Failures.Add(WrongType(path, string.Join(',', types), found));
        return result;
    }

    private static SchemaResult CheckJunctors(StructuralSchema schema, JsonElement value, string path, JsonElement? old)
    {
        var result = new SchemaResult();
        if (schema.AnyOf.Count > 0)
        {
            var tried = new List<SchemaResult>();
            foreach (var alternative in schema.AnyOf)
            {
                tried.Add(Check(alternative, value, path, old));
                if (tried[^1].IsValid)
                    break;
            }
            if (!tried[^1].IsValid)
                Join($"\"{path}\" must validate at least one schema (anyOf)");
            result.Merge(tried[^1].IsValid ? tried[^1] : Best(tried));
        }
        if (schema.OneOf.Count > 0)
        {
            var tried = schema.OneOf.Select(alternative => Check(alternative, value, path, old)).ToList();
            var valid = tried.Where(one => one.IsValid).ToList();
            if (valid.Count == 1)
            {
                result.Merge(valid[0]);
            }
            else
            {
                Join($"\"{path}\" must validate one and only one schema (oneOf). {(valid.Count == 0 ? "Found none valid" : $"Found {valid.Count} valid alternatives")}");
                if (Best([.. tried.TakeWhile(one => !one.IsValid)]) is { } best)
                    result.Merge(best);
            }
        }
        if (schema.AllOf.Count > 0)
        {
            var valid = 0;
            foreach (var each in schema.AllOf)
            {
                var one = Check(each, value, path, old);
                valid += one.IsValid ? 1 : 0;
                result.Merge(one);
            }
            if (valid != schema.AllOf.Count)
                Join($"\"{path}\" must validate all the schemas (allOf){(valid == 0 ? ". None validated" : "")}");
        }
        if (schema.Not is { } not && Check(not, value, path, old).IsValid)
            Join($"\"{path}\" must not validate the schema (not)");
        result.Count();
        return result;

        void Join(string message) => result.Failures.Add(new SchemaFailure(FailureKind.Junctor, "", "\"\"", message));
        static SchemaResult? Best(List<SchemaResult> tried) => tried.Count == 0 ? null : tried.MaxBy(one => one.MatchCount);
    }

    private static SchemaResult? CheckString(StructuralSchema schema, string text, string path)
    {
        var length = text.EnumerateRunes().Count();
        if (schema.MaxLength is { } most && length > most)
            return One(new SchemaFailure(FailureKind.TooLong, path, "", "") { Maximum = most });
        if (schema.MinLength is { } least && length < least)
            return One(Invalid(path, GoText.Quote(text), $"should be at least {least} chars long"));
        if (schema.Regex is { } pattern)
        {
            if (pattern.Complaint is { } complaint)
                return One(Invalid(path, GoText.Quote(text), $"should match '{schema.Pattern}, but pattern is invalid: {complaint}'"));
            if (!pattern.IsMatch(text))
                return One(Invalid(path, GoText.Quote(text), $"should match '{schema.Pattern}'"));
        }
        return null;
    }

    private static SchemaResult? CheckFormat(StructuralSchema schema, string text, string path) => SchemaFormats.Fits(schema.Format, text)
        ? null
        : One(new SchemaFailure(FailureKind.Type, path, GoText.Quote(text), $"{path} in body must be of type {schema.Format}: {GoText.Quote(text)}"));

    private static SchemaResult? CheckEnum(StructuralSchema schema, JsonElement value, string path)
    {
        if (schema.Enum.Count == 0 || schema.Enum.Any(one => one.ValueKind != JsonValueKind.Null && JsonElement.DeepEquals(one, value)))
            return null;
        return One(new SchemaFailure(FailureKind.Enum, path, GoText.Render(value), "")
        {
            Supported = [.. schema.Enum.Select(one => one.Text() ?? GoText.Render(one))],
        });
    }

    private static SchemaResult CheckItems(StructuralSchema schema, JsonElement value, string path, JsonElement? old)
    {
        var result = new SchemaResult();
        var size = value.GetArrayLength();
        if (schema.Items is { } items)
        {
            var index = 0;
            foreach (var item in value.EnumerateArray())
                result.Merge(Node(items, item, $"{path}[{index++.ToString(CultureInfo.InvariantCulture)}]", Counterpart(schema, item, old)));
        }
        if (schema.MinItems is { } least && size < least)
            result.Failures.Add(Invalid(path, size.ToString(CultureInfo.InvariantCulture), $"should have at least {least} items"));
        if (schema.MaxItems is { } most && size > most)
            result.Failures.Add(new SchemaFailure(FailureKind.TooMany, path, "", "") { Actual = size, Maximum = most });
        result.Count();
        return result;
    }

    // Only the items of a keyed list can be told to be the same before and after.
    private static JsonElement? Counterpart(StructuralSchema list, JsonElement item, JsonElement? old)
    {
        if (list.ListType != "map" || old is not { ValueKind: JsonValueKind.Array } before || item.ValueKind != JsonValueKind.Object)
            return null;
        var found = before.EnumerateArray().Where(one => list.ListMapKeys.All(key => JsonElement.DeepEquals(Raw(one, key), Raw(item, key)))).Take(2).ToList();
        return found.Count == 1 ? found[0] : null;

        static JsonElement Raw(JsonElement from, string key) =>
            from.ValueKind == JsonValueKind.Object && from.TryGetProperty(key, out var value) ? value : JsonElement.Parse("null");
    }

    private static SchemaResult CheckFields(StructuralSchema schema, JsonElement value, string path, JsonElement? old, bool isRoot)
    {
        var result = new SchemaResult();
        var count = value.GetPropertyCount();
        if (schema.MinProperties is { } least && count < least)
            result.Failures.Add(Invalid(path, count.ToString(CultureInfo.InvariantCulture), $"should have at least {least} properties"));
        if (schema.MaxProperties is { } most && count > most)
            result.Failures.Add(new SchemaFailure(FailureKind.TooMany, path, "", "") { Actual = count, Maximum = most });
        foreach (var field in value.EnumerateObject())
        {
            if (schema.Properties.ContainsKey(field.Name))
                continue;
            if (schema.AllowsAdditional == false)
                result.Failures.Add(new SchemaFailure(FailureKind.Invalid, path, GoText.Quote(field.Name), $"{path}.{field.Name} in body is a forbidden property"));
            else if (schema.AdditionalProperties is { } values)
                result.Merge(Node(values, field.Value, $"{path}.{field.Name}", Before(field.Name)));
        }
        foreach (var name in schema.PropertyNames)
            if (value.TryGetProperty(name, out var field))
                result.Merge(Node(schema.Properties[name], field, path.Length == 0 ? name : $"{path}.{name}", isRoot && name is "kind" or "apiVersion" ? null : Before(name)));
        foreach (var name in schema.Required)
            if (!value.TryGetProperty(name, out _))
                result.Failures.Add(new SchemaFailure(FailureKind.Required, $"{path}.{name}", "", ""));
        return result;

        JsonElement? Before(string name) =>
            old is { ValueKind: JsonValueKind.Object } before && before.TryGetProperty(name, out var was) ? was : null;
    }

    private static SchemaFailure WrongType(string path, string wanted, string found) =>
        new(FailureKind.Type, path, GoText.Quote(found), $"{path} in body must be of type {wanted}: {GoText.Quote(found)}");

    private static SchemaFailure Invalid(string path, string value, string what) => new(FailureKind.Invalid, path, value, $"{path} in body {what}");

    private static SchemaResult One(SchemaFailure failure)
    {
        var result = new SchemaResult();
        result.Failures.Add(failure);
        return result;
    }
}
