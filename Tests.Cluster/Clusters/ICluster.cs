using System.Text.Json;

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
public sealed record Answer(int Code, string Body)
{
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

    /// <summary>Objects of a kind in a namespace.</summary>
    Task<IReadOnlyList<JsonElement>> ListAsync(string resource, string @namespace, string? labelSelector = null);

    /// <summary>A request from outside the cluster to what it publishes for <paramref name="host"/>.</summary>
    Task<Answer> RequestFromOutsideAsync(string host, HttpMethod method, string path, string? body = null);

    /// <summary>A request to one pod and no other, past Services and policies.</summary>
    Task<Answer> RequestToPodAsync(string @namespace, string pod, int port, HttpMethod method, string path, string? body = null);

    /// <summary>Whether a process in this pod could open a connection there. It is tried, not computed.</summary>
    Task<Reachability> ProbeAsync(string @namespace, string pod, string host, int port);

    /// <summary>Creates or changes objects, given as YAML.</summary>
    Task ApplyAsync(string yaml);

    /// <summary>Deletes an object; absent is no error.</summary>
    Task DeleteAsync(string resource, string? @namespace, string name);

    /// <summary>Ends a pod without warning and at once.</summary>
    Task KillPodAsync(string @namespace, string pod);

    /// <summary>A container's log so far.</summary>
    Task<string> LogAsync(string @namespace, string pod);
}
