using System.Text;
using System.Text.Json;

namespace ClusterSim.Validation.Core;

/// <summary>
/// What two objects differ in, line by line. Kubernetes prints Go's structs here (<c>cmp.Diff</c>), which nobody can repeat; the lines
/// say the same: what was, marked with a minus, and what would be, marked with a plus.
/// </summary>
internal static class SpecDifference
{
    /// <summary>The differing fields with their old and new values.</summary>
    public static string Describe(JsonElement old, JsonElement now)
    {
        var text = new StringBuilder();
        Append(text, old, now, "");
        return text.ToString();
    }

    private static void Append(StringBuilder text, JsonElement old, JsonElement now, string path)
    {
        if (SemanticEquality.Equal(old, now))
            return;
        if (old.ValueKind == JsonValueKind.Object && now.ValueKind == JsonValueKind.Object)
        {
            foreach (var name in old.Fields().Concat(now.Fields()).Select(field => field.Name).Distinct(StringComparer.Ordinal))
                Append(text, old.At(name), now.At(name), path.Length == 0 ? name : $"{path}.{name}");
        }
        else if (old.ValueKind == JsonValueKind.Array && now.ValueKind == JsonValueKind.Array && old.GetArrayLength() == now.GetArrayLength())
        {
            for (var i = 0; i < old.GetArrayLength(); i++)
                Append(text, old[i], now[i], $"{path}[{i}]");
        }
        else
        {
            text.Append("- \t").Append(path).Append(": ").Append(GoText.Render(old)).Append('\n');
            text.Append("+ \t").Append(path).Append(": ").Append(GoText.Render(now)).Append('\n');
        }
    }
}
