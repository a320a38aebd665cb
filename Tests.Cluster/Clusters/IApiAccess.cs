using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tests.Cluster.Clusters;

/// <summary>A way to a cluster's API: this project's own client, or kubectl. What is asked is the same, and so are the answers.</summary>
public interface IApiAccess : IAsyncDisposable
{
    /// <summary>Which way, for messages.</summary>
    string Description { get; }

    /// <summary>Objects of a kind in a namespace.</summary>
    Task<IReadOnlyList<JsonElement>> ListAsync(string resource, string @namespace, string? labelSelector);

    /// <summary>Server-side apply of YAML, with strict field checks.</summary>
    Task ApplyAsync(string yaml);

    /// <summary>Deletes an object; absent is no error, and the end is not waited for.</summary>
    Task DeleteAsync(string resource, string? @namespace, string name, bool atOnce);

    /// <summary>Runs a command in a pod's container to its end, and returns its standard output. An exit code other than 0 is an error.</summary>
    Task<string> ExecAsync(string @namespace, string pod, string container, IReadOnlyList<string> command);

    /// <summary>A request to one pod and no other, with a bearer token for the pod where one is given.</summary>
    Task<Answer> RequestToPodAsync(string @namespace, string pod, int port, HttpMethod method, string path, string? body, string? token);

    /// <summary>A token of a service account's; for the API server where no audience is named.</summary>
    Task<string> TokenAsync(string @namespace, string account, string? audience);

    /// <summary>Whether the API server takes a token for somebody's, whatever that one may do.</summary>
    Task<bool> AuthenticatesAsync(string token);

    /// <summary>Creates an object that is an answer and not kept, such as a SubjectAccessReview.</summary>
    Task<JsonElement> ReviewAsync(string path, JsonObject review);

    /// <summary>An object as admission would leave it, without creating it; or the words it is refused with.</summary>
    Task<Admitted> AdmitAsync(JsonObject @object);

    /// <summary>A container's log so far.</summary>
    Task<string> LogAsync(string @namespace, string pod);
}
