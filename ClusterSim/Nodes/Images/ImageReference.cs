using System.Text.RegularExpressions;

namespace ClusterSim.Nodes.Images;

/// <summary>
/// An image's name, completed as <c>github.com/distribution/reference</c> does: <c>box:1.0</c> is <c>docker.io/library/box:1.0</c>,
/// no tag means <c>latest</c>.
/// </summary>
internal sealed partial record ImageReference
{
    private ImageReference(string name, string? tag, string? digest) => (Name, Tag, Digest) = (name, tag, digest);

    /// <summary>Registry and repository: <c>docker.io/library/box</c>.</summary>
    public string Name { get; }

    /// <summary>The tag; null only beside a digest.</summary>
    public string? Tag { get; }

    /// <summary>The digest; null where none is given.</summary>
    public string? Digest { get; }

    /// <summary>The complete name.</summary>
    public override string ToString() => Name + (Tag is null ? "" : $":{Tag}") + (Digest is null ? "" : $"@{Digest}");

    /// <summary>Reads a reference; <paramref name="error"/> tells in the library's words why it is none.</summary>
    public static ImageReference? Parse(string text, out string error)
    {
        error = "";
        var (domain, path) = SplitDomain(text);
        var colon = path.IndexOf(':', StringComparison.Ordinal);
        var repository = colon < 0 ? path : path[..colon];
        if (repository.Any(char.IsUpper))
        {
            error = $"invalid reference format: repository name ({repository}) must be lowercase";
            return null;
        }
        var match = Grammar().Match($"{domain}/{path}");
        if (!match.Success)
        {
            error = "invalid reference format";
            return null;
        }
        var digest = match.Groups["digest"] is { Success: true } found ? found.Value : null;
        var tag = match.Groups["tag"] is { Success: true } tagged ? tagged.Value : digest is null ? "latest" : null;
        return new ImageReference(match.Groups["name"].Value, tag, digest);
    }

    private static (string Domain, string Path) SplitDomain(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : text[..slash];
        var hasDomain = slash >= 0 && (first.AsSpan().ContainsAny('.', ':') || first is "localhost" || first.Any(char.IsUpper));
        var (domain, path) = hasDomain ? (first, text[(slash + 1)..]) : ("docker.io", text);
        if (domain == "index.docker.io")
            domain = "docker.io";
        if (domain == "docker.io" && !path.Contains('/', StringComparison.Ordinal))
            path = "library/" + path;
        return (domain, path);
    }

    [GeneratedRegex(@"^(?<name>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]+)?(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)+)(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(?<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Grammar();
}
