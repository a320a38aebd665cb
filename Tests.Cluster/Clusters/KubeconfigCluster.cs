using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Tests.Cluster.Clusters;

/// <summary>
/// Any cluster, through its API and nothing else: a probe runs in an ephemeral container of the caller's pod (which has its address and its
/// identity; a copy of its labels would join its Service).
/// </summary>
public sealed class KubeconfigCluster(IApiAccess api, Uri published, string name) : ICluster
{
    // busybox has nc; -w bounds the wait where the network drops what it denies.
    private const string ProbeImage = "busybox:1.37";
    private const int ProbeSeconds = 3;

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
    public async Task<Reachability> ProbeAsync(string @namespace, string pod, string host, int port)
    {
        var probe = "probe-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        var container = (JsonObject)JsonSerializer.SerializeToNode(new
        {
            name = probe,
            image = ProbeImage,
            command = new[] { "nc", "-z", "-w", ProbeSeconds.ToString(CultureInfo.InvariantCulture), host, port.ToString(CultureInfo.InvariantCulture) },
            securityContext = new
            {
                allowPrivilegeEscalation = false,
                runAsNonRoot = true,
                runAsUser = 65534,
                capabilities = new { drop = new[] { "ALL" } },
                seccompProfile = new { type = "RuntimeDefault" },
            },
        })!;
        await api.AddEphemeralContainerAsync(@namespace, pod, container);
        var ended = await Eventually.HoldsAsync(
            async () => StateOf(await api.PodAsync(@namespace, pod), probe),
            state => state.ValueKind == JsonValueKind.Object && state.TryGetProperty("terminated", out _),
            $"the probe {probe} in {@namespace}/{pod} ends");
        return ended.GetProperty("terminated").GetProperty("exitCode").GetInt32() == 0 ? Reachability.Reached : Reachability.NotReachable;
    }

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

    private static JsonElement StateOf(JsonElement pod, string container)
    {
        if (pod.GetProperty("status").TryGetProperty("ephemeralContainerStatuses", out var statuses))
            foreach (var status in statuses.EnumerateArray())
                if (status.GetProperty("name").GetString() == container && status.TryGetProperty("state", out var state))
                    return state;
        return default;
    }
}
