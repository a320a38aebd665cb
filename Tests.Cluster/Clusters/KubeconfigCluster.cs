using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tests.Cluster.Clusters;

/// <summary>Any cluster, through its API and nothing else.</summary>
public sealed class KubeconfigCluster(IApiAccess api, Uri published, string name) : ICluster
{
    private readonly HttpClient _outside = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = published };

    /// <inheritdoc/>
    public string Description => $"{name}, {api.Description}";

    /// <inheritdoc/>
    /// <remarks><c>WORLD_ADDRESS=1.1.1.1:443</c>: an address that pods without policies reach.</remarks>
    public (string Host, int Port)? World => Environment.GetEnvironmentVariable("WORLD_ADDRESS")?.Split(':') is [var host, var port]
        ? (host, int.Parse(port, CultureInfo.InvariantCulture))
        : null;

    /// <inheritdoc/>
    public Task<IReadOnlyList<JsonElement>> ListAsync(string resource, string @namespace, string? labelSelector = null) =>
        api.ListAsync(resource, @namespace, labelSelector);

    /// <inheritdoc/>
    public async Task<Answer> RequestFromOutsideAsync(string host, HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Host = host;
        using var response = await _outside.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    /// <inheritdoc/>
    public Task<Answer> RequestToPodAsync(string @namespace, string pod, int port, HttpMethod method, string path, string? body = null, string? token = null) =>
        api.RequestToPodAsync(@namespace, pod, port, method, path, body, token);

    /// <inheritdoc/>
    public Task<string> TokenAsync(string @namespace, string account, string? audience) => api.TokenAsync(@namespace, account, audience);

    /// <inheritdoc/>
    public Task<IReadOnlyList<Reachability>> ProbeAsync(ProberPod from, IReadOnlyList<(string Host, int Port)> targets) => ConnectionProbe.RunAsync(
        targets, script => api.ExecAsync(from.Namespace, from.Name, ProberPod.Container, ["sh", "-c", script]), $"{from.Namespace}/{from.Name}");

    /// <inheritdoc/>
    public Task ApplyAsync(string yaml) => api.ApplyAsync(yaml);

    /// <inheritdoc/>
    public Task DeleteAsync(string resource, string? @namespace, string name) => api.DeleteAsync(resource, @namespace, name, atOnce: false);

    /// <inheritdoc/>
    public Task KillPodAsync(string @namespace, string pod) => api.DeleteAsync("pods", @namespace, pod, atOnce: true);

    /// <inheritdoc/>
    public async Task<bool> MayAsync(Subject who, Deed deed)
    {
        var answer = await api.ReviewAsync("apis/authorization.k8s.io/v1/subjectaccessreviews", deed.Review(who));
        return answer.GetProperty("status").GetProperty("allowed").GetBoolean();
    }

    /// <inheritdoc/>
    public Task<bool> AuthenticatesAsync(string token) => api.AuthenticatesAsync(token);

    /// <inheritdoc/>
    public Task<Admitted> AdmitAsync(JsonObject @object) => api.AdmitAsync(@object);

    /// <inheritdoc/>
    public Task<string> LogAsync(string @namespace, string pod) => api.LogAsync(@namespace, pod);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await api.DisposeAsync();
        _outside.Dispose();
    }
}
