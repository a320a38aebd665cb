using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tests.Cluster.Clusters;

/// <summary>A view of a cluster, and what ends with it.</summary>
internal sealed class OwnedCluster(ICluster view, params IReadOnlyList<IAsyncDisposable> owned) : ICluster
{
    public string Description => view.Description;

    public (string Host, int Port)? World => view.World ?? owned.OfType<ICluster>().FirstOrDefault()?.World;

    public Task<IReadOnlyList<JsonElement>> ListAsync(string resource, string @namespace, string? labelSelector = null) => view.ListAsync(resource, @namespace, labelSelector);

    public Task<Answer> RequestFromOutsideAsync(string host, HttpMethod method, string path, string? body = null) => view.RequestFromOutsideAsync(host, method, path, body);

    public Task<Answer> RequestToPodAsync(string @namespace, string pod, int port, HttpMethod method, string path, string? body = null, string? token = null) =>
        view.RequestToPodAsync(@namespace, pod, port, method, path, body, token);

    public Task<string> TokenAsync(string @namespace, string account, string? audience) => view.TokenAsync(@namespace, account, audience);

    public Task<IReadOnlyList<Reachability>> ProbeAsync(ProberPod from, IReadOnlyList<(string Host, int Port)> targets) => view.ProbeAsync(from, targets);

    public Task ApplyAsync(string yaml) => view.ApplyAsync(yaml);

    public Task DeleteAsync(string resource, string? @namespace, string name) => view.DeleteAsync(resource, @namespace, name);

    public Task KillPodAsync(string @namespace, string pod) => view.KillPodAsync(@namespace, pod);

    public Task<bool> AuthenticatesAsync(string token) => view.AuthenticatesAsync(token);

    public Task<bool> MayAsync(Subject who, Deed deed) => view.MayAsync(who, deed);

    public Task<Admitted> AdmitAsync(JsonObject @object) => view.AdmitAsync(@object);

    public Task<string> LogAsync(string @namespace, string pod) => view.LogAsync(@namespace, pod);

    public async ValueTask DisposeAsync()
    {
        await view.DisposeAsync();
        foreach (var thing in owned)
            await thing.DisposeAsync();
    }
}
