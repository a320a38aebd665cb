namespace ClusterSim.Kustomize.Kyaml;

/// <summary>Splits paths of fields.</summary>
internal static class PathSplitter
{
    /// <summary>Splits at a delimiter; a backslash before it keeps it in the part (<c>PathSplitter</c>).</summary>
    public static IReadOnlyList<string> Split(string path, char delimiter)
    {
        var parts = path.Split(delimiter).AsSpan();
        if (parts.Length > 1 && parts[0].Length == 0)
            parts = parts[1..];
        var result = new List<string> { parts[0] };
        foreach (var part in parts[1..])
        {
            if (result[^1].EndsWith('\\'))
                result[^1] = result[^1][..^1] + delimiter + part;
            else
                result.Add(part);
        }
        return result;
    }

    /// <summary>Splits at dots, except for those in brackets: <c>[name=a.b]</c>, <c>[app.kubernetes.io/name]</c> (<c>SmarterPathSplitter</c>).</summary>
    public static IReadOnlyList<string> SplitFieldPath(string path)
    {
        var result = new List<string>();
        var open = new List<string>();
        foreach (var part in Split(path, '.'))
        {
            if (open.Count == 0 && !(part.StartsWith('[') && !part.EndsWith(']')))
            {
                result.Add(part);
                continue;
            }
            open.Add(part);
            if (part.EndsWith(']'))
                Close();
        }
        if (open.Count > 0)
            Close();
        return result;

        void Close()
        {
            var whole = string.Join('.', open);
            result.Add(whole.Contains('=', StringComparison.Ordinal) ? whole : whole.Trim('[', ']'));
            open.Clear();
        }
    }
}
