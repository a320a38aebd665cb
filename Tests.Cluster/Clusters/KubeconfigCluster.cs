using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Manifests;
using Harness.Kube;

namespace Tests.Cluster.Clusters;

/// <summary>
/// Any cluster, through its API and nothing else: one replica is asked through <c>pods/proxy</c>, a probe runs in an ephemeral container of
/// the caller's pod (which has its address and its identity; a copy of its labels would join its Service).
/// </summary>
public sealed class KubeconfigCluster(Kubeconfig config, Uri published) : ICluster
{
    // busybox has nc; -w bounds the wait where the network drops what it denies.
    private const string ProbeImage = "busybox:1.37";
    private const int ProbeSeconds = 3;

    private readonly KubeClient _client = new(config);
    private readonly HttpClient _outside = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = published };

    /// <inheritdoc/>
    public string Description => $"the cluster of context {config.Context} at {config.Server}";

    /// <inheritdoc/>
    /// <remarks><c>WORLD_ADDRESS=1.1.1.1:443</c>: an address that pods without policies reach.</remarks>
    public (string Host, int Port)? World => Environment.GetEnvironmentVariable("WORLD_ADDRESS")?.Split(':') is [var host, var port]
        ? (host, int.Parse(port, CultureInfo.InvariantCulture))
        : null;

    /// <inheritdoc/>
    public Task<IReadOnlyList<JsonElement>> ListAsync(string resource, string @namespace, string? labelSelector = null) =>
        _client.ListAsync(_client.Resource(resource), @namespace, labelSelector);

    /// <inheritdoc/>
    public async Task<Answer> RequestFromOutsideAsync(string host, HttpMethod method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Host = host;
        using var response = await _outside.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    /// <inheritdoc/>
    public async Task<Answer> RequestToPodAsync(string @namespace, string pod, int port, HttpMethod method, string path, string? body = null, string? token = null)
    {
        using var content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json");
        if (token is null)
        {
            using var proxied = await _client.ProxyAsync(@namespace, pod, port, method, path, content);
            return await Answer.ReadAsync(proxied);
        }
        // Not through pods/proxy: the API server would take the token for one of its own.
        using var http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellation) => await _client.ForwardAsync(@namespace, pod, port, cancellation),
        });
        using var request = new HttpRequestMessage(method, new Uri(new UriBuilder("http", pod, port).Uri, path)) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await http.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    /// <inheritdoc/>
    public Task<string> TokenAsync(string @namespace, string account, string? audience) => _client.TokenAsync(@namespace, account, audience);

    /// <inheritdoc/>
    public async Task<Reachability> ProbeAsync(string @namespace, string pod, string host, int port)
    {
        var name = "probe-" + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4));
        var patch = JsonSerializer.SerializeToNode(new
        {
            spec = new
            {
                ephemeralContainers = new[]
                {
                    new
                    {
                        name,
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
                    },
                },
            },
        })!;
        await _client.PatchAsync(_client.Resource("pods"), @namespace, $"{pod}/ephemeralcontainers", patch);
        var ended = await Eventually.HoldsAsync(
            async () => StateOf(await _client.GetAsync(_client.Resource("pods"), @namespace, pod), name),
            state => state.ValueKind == JsonValueKind.Object && state.TryGetProperty("terminated", out _),
            $"the probe {name} in {@namespace}/{pod} ends");
        return ended.GetProperty("terminated").GetProperty("exitCode").GetInt32() == 0 ? Reachability.Reached : Reachability.NotReachable;
    }

    /// <inheritdoc/>
    public async Task ApplyAsync(string yaml)
    {
        foreach (var manifest in ManifestFiles.Read(yaml, "the given YAML"))
            await _client.ApplyAsync(manifest.Object);
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string resource, string? @namespace, string name) => _client.DeleteAsync(_client.Resource(resource), @namespace, name);

    /// <inheritdoc/>
    public Task KillPodAsync(string @namespace, string pod) => _client.DeleteAsync(_client.Resource("pods"), @namespace, pod, gracePeriodSeconds: 0);

    /// <inheritdoc/>
    public async Task<bool> MayAsync(Subject who, Deed deed)
    {
        var review = deed.Review(who);
        var answer = await _client.SendAsync(HttpMethod.Post, "apis/authorization.k8s.io/v1/subjectaccessreviews", review, null);
        return answer.GetProperty("status").GetProperty("allowed").GetBoolean();
    }

    /// <inheritdoc/>
    public async Task<bool> AuthenticatesAsync(string token)
    {
        using var bearer = new KubeClient(config with { Token = token, ClientCertificate = null });
        try
        {
            await bearer.SendAsync(HttpMethod.Get, "apis", null, null);
            return true;
        }
        catch (KubeException refused) when (refused.Code is 401 or 403)
        {
            return refused.Code == 403;
        }
    }

    /// <inheritdoc/>
    public async Task<Admitted> AdmitAsync(JsonObject pod)
    {
        try
        {
            var path = _client.Resource("pods").Path((string?)pod["metadata"]?["namespace"] ?? "default");
            return new Admitted(await _client.SendAsync(HttpMethod.Post, path + "?dryRun=All&fieldValidation=Strict", pod, null), null);
        }
        catch (KubeException refused) when (refused.Code > 0)
        {
            return new Admitted(default, refused.Message);
        }
    }

    /// <inheritdoc/>
    public async Task<string> LogAsync(string @namespace, string pod)
    {
        using var reader = new StreamReader(await _client.LogAsync(@namespace, pod));
        return await reader.ReadToEndAsync();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        _outside.Dispose();
        return ValueTask.CompletedTask;
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
