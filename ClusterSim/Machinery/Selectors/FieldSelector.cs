using System.Text;

namespace ClusterSim.Machinery;

/// <summary>One term of a field selector.</summary>
/// <param name="Field">The path, such as <c>metadata.name</c>.</param>
/// <param name="Value">What is wanted, or not.</param>
/// <param name="IsWanted">Whether the field is to have the value, or anything else.</param>
internal readonly record struct FieldTerm(string Field, string Value, bool IsWanted);

/// <summary>Which objects are wanted by their fields: <c>metadata.name=a,status.phase!=Running</c>. Which fields a kind offers is its own affair.</summary>
/// <param name="Terms">All of which must hold.</param>
internal sealed record FieldSelector(IReadOnlyList<FieldTerm> Terms)
{
    /// <summary>Whether it wants everything.</summary>
    public bool IsEmpty => Terms.Count == 0;

    /// <summary>Reads a selector. A backslash escapes itself, a comma and an equals sign in values.</summary>
    /// <exception cref="KubernetesApiException">400, in apimachinery's words.</exception>
    public static FieldSelector Parse(string text)
    {
        var terms = new List<FieldTerm>();
        foreach (var part in Split(text))
        {
            if (part.Length == 0)
                continue;
            if (Term(part) is not { } term)
                throw KubernetesApiException.BadRequest($"invalid selector: '{text}'; can't understand '{part}'");
            terms.Add(term);
        }
        return new(terms);
    }

    /// <summary>Whether the fields that <paramref name="read"/> gives are wanted; what it does not give is empty.</summary>
    public bool Matches(Func<string, string?> read)
    {
        foreach (var term in Terms)
            if (((read(term.Field) ?? "") == term.Value) != term.IsWanted)
                return false;
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join(',', Terms.Select(term => $"{term.Field}{(term.IsWanted ? "=" : "!=")}{Escape(term.Value)}"));

    private static IEnumerable<string> Split(string text)
    {
        var start = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '\\')
                at++;
            else if (text[at] == ',')
            {
                yield return text[start..at];
                start = at + 1;
            }
        }
        yield return text[start..];
    }

    private static FieldTerm? Term(string part)
    {
        for (var at = 0; at < part.Length; at++)
        {
            foreach (var sign in (ReadOnlySpan<string>)["!=", "==", "="])
            {
                if (string.CompareOrdinal(part, at, sign, 0, sign.Length) != 0)
                    continue;
                var value = Unescape(part[(at + sign.Length)..])
                    ?? throw KubernetesApiException.BadRequest($"invalid field selector: invalid escape sequence or unescaped character in value: {part[(at + sign.Length)..]}");
                return new(part[..at], value, sign != "!=");
            }
        }
        return null;
    }

    private static string? Unescape(string value)
    {
        if (!value.AsSpan().ContainsAny('\\', ',', '='))
            return value;
        var result = new StringBuilder(value.Length);
        for (var at = 0; at < value.Length; at++)
        {
            if (value[at] == '\\')
            {
                at++;
                if (at == value.Length || value[at] is not ('\\' or ',' or '='))
                    return null;
            }
            else if (value[at] is ',' or '=')
            {
                return null;
            }
            result.Append(value[at]);
        }
        return result.ToString();
    }

    private static string Escape(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal).Replace("=", "\\=", StringComparison.Ordinal);
}
