using System.Globalization;

namespace ClusterSim.Http;

/// <summary>One media range of an Accept header.</summary>
/// <param name="Type">The type, such as <c>application</c>; <c>*</c> for any.</param>
/// <param name="Subtype">The subtype, such as <c>json</c>; <c>*</c> for any.</param>
/// <param name="Quality">The weight <c>q</c>.</param>
/// <param name="Parameters">The other parameters.</param>
internal sealed record AcceptClause(string Type, string Subtype, double Quality, IReadOnlyList<KeyValuePair<string, string>> Parameters)
{
    /// <summary>Returns whether the range contains a media type.</summary>
    public bool Matches(string type, string subtype) =>
        (Type == type && (Subtype == subtype || Subtype == "*")) || (Type == "*" && Subtype == "*");

    /// <summary>The value of a parameter; null where it is absent.</summary>
    public string? Parameter(string name)
    {
        foreach (var (key, value) in Parameters)
            if (key == name)
                return value;
        return null;
    }
}

/// <summary>Reads Accept headers (<c>goautoneg.ParseAccept</c>).</summary>
internal static class AcceptHeader
{
    /// <summary>The ranges of a header: the highest weight first, then exact types before wildcards, then in the header's order.</summary>
    public static IReadOnlyList<AcceptClause> Parse(string header)
    {
        var clauses = new List<AcceptClause>();
        foreach (var part in header.Split(','))
        {
            var pieces = part.Split(';');
            var media = pieces[0].Trim().Split('/');
            var quality = 1.0;
            var parameters = new List<KeyValuePair<string, string>>();
            foreach (var piece in pieces.AsSpan(1))
            {
                var equals = piece.IndexOf('=', StringComparison.Ordinal);
                if (equals < 0)
                    continue;
                var (name, value) = (piece[..equals].Trim(), piece[(equals + 1)..].Trim());
                if (name == "q")
                    quality = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var weight) ? weight : 1.0;
                else
                    parameters.Add(new(name, value));
            }
            if (media is ["*"])
                clauses.Add(new AcceptClause("*", "*", quality, parameters));
            else if (media.Length == 2)
                clauses.Add(new AcceptClause(media[0].Trim(), media[1].Trim(), quality, parameters));
        }
        return [.. clauses
            .OrderByDescending(clause => clause.Quality)
            .ThenBy(clause => clause.Type == "*")
            .ThenBy(clause => clause.Subtype == "*")];
    }
}
