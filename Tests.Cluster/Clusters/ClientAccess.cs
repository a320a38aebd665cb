using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Manifests;
using Harness.Kube;

namespace Tests.Cluster.Clusters;

/// <summary>A cluster's API through this project's own client: no kubectl is needed. A pod is asked through <c>pods/proxy</c>.</summary>
public sealed class ClientAccess(KubeconfigEntry config) : IApiAccess
{
    private readonly KubeClient _client = new(config);

    /// <inheritdoc/>
    public string Description => "through our own client";

    /// <inheritdoc/>
    public Task<IReadOnlyList<JsonElement>> ListAsync(string resource, string @namespace, string? labelSelector) =>
        _client.ListAsync(_client.Resource(resource), @namespace, labelSelector);

    /// <inheritdoc/>
    public async Task ApplyAsync(string yaml)
    {
        foreach (var manifest in Manifest.Parse(yaml))
            await _client.ApplyAsync(manifest.Object);
    }

    /// <inheritdoc/>
    public Task DeleteAsync(string resource, string? @namespace, string name, bool atOnce) =>
        _client.DeleteAsync(_client.Resource(resource), @namespace, name, atOnce ? 0 : null);

    /// <inheritdoc/>
    public Task<string> ExecAsync(string @namespace, string pod, string container, IReadOnlyList<string> command) =>
        _client.ExecAsync(@namespace, pod, container, command);

    /// <inheritdoc/>
    public async Task<Answer> RequestToPodAsync(string @namespace, string pod, int port, HttpMethod method, string path, string? body, string? token)
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
    public async Task<bool> AuthenticatesAsync(string token)
    {
        using var bearer = new KubeClient(config with { Token = token, ClientCertificatePem = null, ClientKeyPem = null });
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
    public Task<JsonElement> ReviewAsync(string path, JsonObject review) => _client.SendAsync(HttpMethod.Post, path, review, null);

    /// <inheritdoc/>
    public async Task<Admitted> AdmitAsync(JsonObject @object)
    {
        try
        {
            var path = _client.ResourceOf(@object).Path((string?)@object["metadata"]?["namespace"] ?? "default");
            return new Admitted(await _client.SendAsync(HttpMethod.Post, path + "?dryRun=All&fieldValidation=Strict", @object, null), null);
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
        return ValueTask.CompletedTask;
    }
}
