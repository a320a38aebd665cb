using System.Text.Json;

namespace ClusterSim.Validation;

/// <summary>
/// Whether two values mean the same: <c>apiequality.Semantic.DeepEqual</c>. An absent field, null and an empty list or map are one;
/// the order of fields does not count; numbers are compared as numbers.
/// </summary>
internal static class SemanticEquality
{
    /// <summary>Whether the two mean the same.</summary>
    public static bool Equal(JsonElement left, JsonElement right)
    {
        if (IsNothing(left) || IsNothing(right))
            return IsNothing(left) && IsNothing(right);
        if (left.ValueKind != right.ValueKind)
            return false;
        switch (left.ValueKind)
        {
            case JsonValueKind.Object:
                return EqualExcept(left, right, []);
            case JsonValueKind.Array:
                if (left.GetArrayLength() != right.GetArrayLength())
                    return false;
                using (var others = right.EnumerateArray())
                    foreach (var item in left.EnumerateArray())
                        if (!others.MoveNext() || !Equal(item, others.Current))
                            return false;
                return true;
            case JsonValueKind.String:
                return left.ValueEquals(right.GetString());
            case JsonValueKind.Number:
                return left.GetRawText() == right.GetRawText() || left.GetDouble().Equals(right.GetDouble());
            default:
                return true;
        }
    }

    /// <summary>Whether the two objects mean the same but for these fields.</summary>
    public static bool EqualExcept(JsonElement left, JsonElement right, ReadOnlySpan<string> except)
    {
        foreach (var field in left.Fields())
            if (!except.Contains(field.Name) && !Equal(field.Value, right.At(field.Name)))
                return false;
        foreach (var field in right.Fields())
            if (!except.Contains(field.Name) && !IsNothing(field.Value) && !left.At(field.Name).Exists())
                return false;
        return true;
    }

    // An empty object in a struct field is that field's zero value; Go would not write most of them.
    private static bool IsNothing(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Undefined or JsonValueKind.Null => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => value.GetPropertyCount() == 0,
        _ => false,
    };
}
