using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http;

/// <summary>
/// What a request's path names (<c>k8s.io/apiserver/pkg/endpoints/request</c>): <c>/api/v1/…</c> or <c>/apis/group/version/…</c>, then
/// <c>[namespaces/ns/]resource[/name[/subresource[/rest]]]</c>.
/// </summary>
/// <param name="Group">API group; empty for core.</param>
/// <param name="Version">API version.</param>
/// <param name="Namespace">The namespace; null where none is named.</param>
/// <param name="Resource">Plural resource name.</param>
/// <param name="Name">Object name; null for a collection.</param>
/// <param name="Subresource">Subresource; null for the object itself.</param>
/// <param name="Rest">What follows a proxy subresource, without its leading slash; null where nothing does.</param>
internal readonly record struct RequestInfo(string Group, string Version, string? Namespace, string Resource, string? Name, string? Subresource, string? Rest)
{
    // Subresources of a namespace itself; anything else below /namespaces/ns/ is a resource in it.
    private static bool IsNamespaceSubresource(string segment) => segment is "status" or "finalize";

    /// <summary>The verb of a request; empty for a method without a verb.</summary>
    public static string VerbOf(HttpRequest request, bool isCollection) => request.Method switch
    {
        "GET" or "HEAD" => !isCollection ? "get" : QueryOptions.Flag(request.Query, "watch") ? "watch" : "list",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => isCollection ? "deletecollection" : "delete",
        _ => "",
    };

    /// <summary>Reads a path; false where it names no resource (discovery, health, nothing at all).</summary>
    public static bool TryParse(string path, out RequestInfo parsed)
    {
        parsed = default;
        var segments = path.Split('/');
        // The first segment is empty: paths start with a slash.
        int next;
        string group, version;
        if (segments.Length > 3 && segments[1] == "api")
            (group, version, next) = ("", segments[2], 3);
        else if (segments.Length > 4 && segments[1] == "apis")
            (group, version, next) = (segments[2], segments[3], 4);
        else
            return false;
        if (segments[next].Length == 0)
            return false;

        string? @namespace = null;
        var left = segments.AsSpan(next);
        if (left[0] == "namespaces" && left.Length > 2 && left[2].Length > 0 && !IsNamespaceSubresource(left[2]))
        {
            @namespace = Uri.UnescapeDataString(left[1]);
            left = left[2..];
        }
        if (left.Length > 1 && left[^1].Length == 0 && !(left.Length > 2 && left[2] == "proxy"))
            left = left[..^1];
        parsed = new RequestInfo(
            group, version, @namespace, left[0],
            left.Length > 1 ? Uri.UnescapeDataString(left[1]) : null,
            left.Length > 2 ? left[2] : null,
            left.Length > 3 ? string.Join('/', left[3..].ToArray()) : null);
        // A namespace is in itself: RBAC and kubectl see /api/v1/namespaces/x as being in the namespace x.
        if (group.Length == 0 && parsed.Resource == "namespaces" && parsed.Name is not null)
            parsed = parsed with { Namespace = parsed.Name };
        return true;
    }
}
