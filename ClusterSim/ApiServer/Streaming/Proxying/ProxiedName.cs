using Microsoft.AspNetCore.Http;

namespace ClusterSim.Streaming.Proxying;

/// <summary>What a proxy subresource's URL names: <c>name</c>, <c>name:port</c> or <c>scheme:name:port</c> (<c>net.SplitSchemeNamePort</c> of apimachinery).</summary>
/// <param name="Scheme"><c>http</c> or <c>https</c>.</param>
/// <param name="Name">The object's name.</param>
/// <param name="Port">A port's number or name; null where none is given.</param>
internal readonly record struct ProxiedName(string Scheme, string Name, string? Port)
{
    /// <summary>Reads the form.</summary>
    /// <exception cref="KubernetesApiException">400: it is of another form.</exception>
    public static ProxiedName Parse(string text, string kind)
    {
        ProxiedName? read = text.Split(':') switch
        {
            [var name] => new("http", name, null),
            [var name, var port] => new("http", name, port.Length == 0 ? null : port),
            [("" or "http" or "https") and var scheme, var name, var port] => new(scheme.Length == 0 ? "http" : scheme, name, port.Length == 0 ? null : port),
            _ => null,
        };
        return read is { Name.Length: > 0 } valid ? valid : throw KubernetesApiException.BadRequest($"invalid {kind} request \"{text}\"");
    }

    /// <summary>The verb that RBAC is asked for.</summary>
    /// <exception cref="KubernetesApiException">405: a method that is not passed on.</exception>
    public static string VerbOf(HttpRequest request) => request.Method switch
    {
        "GET" or "HEAD" => "get",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => "delete",
        // RequestInfo knows no verb for it: only who may do everything may do this.
        "OPTIONS" => "",
        _ => throw new KubernetesApiException(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", []),
    };
}
