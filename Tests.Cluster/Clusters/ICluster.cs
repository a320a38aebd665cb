using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tests.Cluster.Clusters;

/// <summary>What a connection attempt came to.</summary>
public enum Reachability
{
    /// <summary>A stream was opened.</summary>
    Reached,

    /// <summary>Refused, dropped, or the name is unknown: cluster networks differ in how they deny (docs/design.md, rule 5).</summary>
    NotReachable,
}

/// <summary>An answer over HTTP.</summary>
public sealed record Answer(int Code, string Body, string? MediaType = null)
{
    internal static async Task<Answer> ReadAsync(HttpResponseMessage response) =>
        new((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Content.Headers.ContentType?.MediaType);

    /// <summary>The body as JSON.</summary>
    public JsonElement Json => JsonElement.Parse(Body);
}

/// <summary>
/// A cluster as the assertions see it. They are written once against this, and hold on the simulated cluster in this process and on any
/// cluster that a kubeconfig names.
/// </summary>
public interface ICluster : IAsyncDisposable
{
    /// <summary>What it is, for messages.</summary>
    string Description { get; }

    /// <summary>Objects of a kind in a namespace; all of a kind that is in none.</summary>
    Task<IReadOnlyList<JsonElement>> ListAsync(string resource, string @namespace, string? labelSelector = null);

    /// <summary>A request from outside the cluster to what it publishes for <paramref name="host"/>.</summary>
    Task<Answer> RequestFromOutsideAsync(string host, HttpMethod method, string path, string? body = null);

    /// <summary>A request to one pod and no other, past Services and policies; with a token, as its bearer.</summary>
    Task<Answer> RequestToPodAsync(string @namespace, string pod, int port, HttpMethod method, string path, string? body = null, string? token = null);

    /// <summary>A token of a service account's for an audience; for the API server where none is named.</summary>
    Task<string> TokenAsync(string @namespace, string account, string? audience);

    /// <summary>Whether a process in this pod can open a connection to each of the targets. All are tried at once.</summary>
    Task<IReadOnlyList<Reachability>> ProbeAsync(ProberPod from, IReadOnlyList<(string Host, int Port)> targets);

    /// <summary>Whether a process in this pod can open a connection there.</summary>
    async Task<Reachability> ProbeAsync(ProberPod from, string host, int port) => (await ProbeAsync(from, [(host, port)]))[0];

    /// <summary>Creates or changes objects, given as YAML.</summary>
    Task ApplyAsync(string yaml);

    /// <summary>Deletes an object; absent is no error.</summary>
    Task DeleteAsync(string resource, string? @namespace, string name);

    /// <summary>Ends a pod without warning and at once.</summary>
    Task KillPodAsync(string @namespace, string pod);

    /// <summary>Whether somebody may do something, as a SubjectAccessReview answers.</summary>
    Task<bool> MayAsync(Subject who, Deed deed);

    /// <summary>Whether the API server takes a token for somebody's.</summary>
    Task<bool> AuthenticatesAsync(string token);

    /// <summary>An address of the world outside the cluster that answers; null where none is known.</summary>
    (string Host, int Port)? World { get; }

    /// <summary>An object as admission would leave it, without creating it; or the words it is refused with.</summary>
    Task<Admitted> AdmitAsync(JsonObject @object);

    /// <summary>A container's log so far.</summary>
    Task<string> LogAsync(string @namespace, string pod);
}

/// <summary>Somebody, as the API server knows one.</summary>
public sealed record Subject(string User, IReadOnlyList<string> Groups)
{
    /// <summary>A member of a group.</summary>
    public static Subject Member(string group) => new("jane", [group, "system:authenticated"]);

    /// <summary>A service account.</summary>
    public static Subject Account(string @namespace, string name) => new(
        $"system:serviceaccount:{@namespace}:{name}", ["system:serviceaccounts", $"system:serviceaccounts:{@namespace}", "system:authenticated"]);
}

/// <summary>Something to do: a verb on a resource, in a namespace (null: all, or none), to one object or (null) to any.</summary>
public sealed record Deed(string Verb, string Group, string Resource, string? Subresource, string? Namespace, string? Name)
{
    /// <summary>The question whether <paramref name="who"/> may.</summary>
    public JsonObject Review(Subject who) => (JsonObject)JsonSerializer.SerializeToNode(new
    {
        apiVersion = "authorization.k8s.io/v1",
        kind = "SubjectAccessReview",
        spec = new
        {
            user = who.User,
            groups = who.Groups,
            resourceAttributes = new
            {
                verb = Verb,
                group = Group,
                resource = Resource,
                subresource = Subresource ?? "",
                @namespace = Namespace ?? "",
                name = Name ?? "",
            },
        },
    })!;
}

/// <summary>What admission says of an object.</summary>
/// <param name="Object">The object; undefined where it is refused.</param>
/// <param name="Refusal">Why not; null where it is admitted.</param>
public sealed record Admitted(JsonElement Object, string? Refusal);
