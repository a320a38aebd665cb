using System.Text;

namespace ClusterSim.Nodes.Containers;

/// <summary>
/// <c>$(NAME)</c> in commands, arguments and values, as <c>k8s.io/kubernetes/third_party/forked/golang/expansion</c>: unknown names stay
/// as they are, <c>$$</c> is a dollar.
/// </summary>
internal static class VariableExpansion
{
    /// <summary>The text with known names replaced.</summary>
    public static string Expand(string text, IReadOnlyDictionary<string, string> variables) =>
        Expand(text, name => variables.TryGetValue(name, out var value) ? value : $"$({name})");

    /// <summary>The text with every name replaced by what <paramref name="valueOf"/> gives for it.</summary>
    public static string Expand(string text, Func<string, string> valueOf)
    {
        if (!text.Contains('$', StringComparison.Ordinal))
            return text;
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '$' || i + 1 == text.Length)
            {
                result.Append(text[i]);
            }
            else if (text[i + 1] == '$')
            {
                result.Append('$');
                i++;
            }
            else if (text[i + 1] == '(' && text.IndexOf(')', i) is var end and > 0)
            {
                result.Append(valueOf(text[(i + 2)..end]));
                i = end;
            }
            else
            {
                result.Append('$');
            }
        }
        return result.ToString();
    }
}
