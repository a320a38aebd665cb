using System.Text.RegularExpressions;

namespace ClusterSim.Streaming.Proxying;

/// <summary>
/// Makes the links of what was proxied lead back through the proxy (<c>k8s.io/apimachinery/pkg/util/proxy/transport.go</c>): the Location of
/// redirects, and in HTML the attributes that hold URLs.
/// </summary>
/// <param name="prefix">The path up to and with <c>proxy</c>, as in <c>/api/v1/namespaces/ns/services/web/proxy</c>.</param>
/// <param name="scheme">How the client reached the API server.</param>
/// <param name="host">The API server, as the client calls it.</param>
/// <param name="source">What was asked behind the proxy.</param>
internal sealed partial class ProxiedLinks(string prefix, string scheme, string host, Uri source)
{
    /// <summary>The link as the client is to see it. Relative ones and those to other hosts are left alone.</summary>
    public string Rewrite(string link)
    {
        if (!Uri.TryCreate(link, UriKind.RelativeOrAbsolute, out var url))
            return link;
        var isAbsolute = url.IsAbsoluteUri && !link.StartsWith('/');
        if (isAbsolute && url.Authority != source.Authority && url.Authority != host)
            return link;
        var path = isAbsolute ? url.PathAndQuery + url.Fragment : link;
        if (!path.StartsWith('/') || path.StartsWith("//", StringComparison.Ordinal))
            return link;
        if (path.StartsWith(prefix, StringComparison.Ordinal))
            return isAbsolute ? $"{scheme}://{host}{path}" : path;
        return $"{scheme}://{host}{prefix}{path}";
    }

    /// <summary>A page with its links rewritten.</summary>
    public string RewriteHtml(string html) => Tag().Replace(html, tag => Link().Replace(tag.Value, link => link.Groups[1].Value + Rewrite(link.Groups[2].Value) + link.Groups[3].Value));

    [GeneratedRegex("<(?:a|applet|area|audio|base|blockquote|body|button|command|del|embed|form|frame|head|html|iframe|img|input|ins|link|object|q|script|source|video)\\b[^>]*>", RegexOptions.IgnoreCase | RegexOptions.NonBacktracking)]
    private static partial Regex Tag();

    [GeneratedRegex("(\\s(?:href|src|action|formaction|cite|codebase|background|icon|longdesc|profile|manifest|usemap|classid|data|poster)\\s*=\\s*[\"']?)([^\"'\\s>]+)([\"']?)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Link();
}
