using System.Text;

namespace ClusterSim.Machinery;

/// <summary>Strings as Go's <c>%q</c> writes them.</summary>
internal static class GoQuoted
{
    /// <summary><c>["a" "b"]</c>.</summary>
    public static string List(IEnumerable<string> values) => $"[{string.Join(" ", values.Select(Text))}]";

    /// <summary><c>"a"</c>.</summary>
    public static string Text(string value)
    {
        var quoted = new StringBuilder(value.Length + 2).Append('"');
        foreach (var letter in value)
            _ = letter switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append(@"\\"),
                '\n' => quoted.Append("\\n"),
                '\r' => quoted.Append("\\r"),
                '\t' => quoted.Append("\\t"),
                < ' ' or '\x7f' => quoted.Append($"\\x{(int)letter:x2}"),
                _ => quoted.Append(letter),
            };
        return quoted.Append('"').ToString();
    }
}
