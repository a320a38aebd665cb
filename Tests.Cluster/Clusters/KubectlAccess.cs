using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tests.Cluster.Clusters;

/// <summary>A cluster's API through the kubectl that is installed here, with a kubeconfig. A pod is asked through <c>port-forward</c>.</summary>
public sealed partial class KubectlAccess(string kubeconfig) : IApiAccess
{
    private readonly ConcurrentDictionary<(string Namespace, string Pod, int Port), PortForward> _forwards = new();
    private readonly SemaphoreSlim _forwarding = new(1, 1);
    private readonly Lazy<Task<PortForward>> _api = new(() => PortForward.ToApiAsync(kubeconfig));
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });

    /// <summary>Whether there is a kubectl here.</summary>
    public static bool IsInstalled => Tool.Find("kubectl") is not null;

    /// <inheritdoc/>
    public string Description => "through kubectl";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<JsonElement>> ListAsync(string resource, string @namespace, string? labelSelector)
    {
        IReadOnlyList<string> selector = labelSelector is null ? [] : ["--selector", labelSelector];
        var list = await RunAsync(["get", resource, "--namespace", @namespace, "--output", "json", .. selector]);
        return [.. JsonElement.Parse(list).GetProperty("items").EnumerateArray()];
    }

    /// <inheritdoc/>
    public Task ApplyAsync(string yaml) =>
        RunAsync(["apply", "--server-side", "--force-conflicts", "--validate=strict", "--filename", "-"], yaml);

    /// <inheritdoc/>
    public Task DeleteAsync(string resource, string? @namespace, string name, bool atOnce)
    {
        IReadOnlyList<string> place = @namespace is null ? [] : ["--namespace", @namespace];
        IReadOnlyList<string> haste = atOnce ? ["--grace-period=0", "--force"] : [];
        return RunAsync(["delete", resource, name, "--ignore-not-found", "--wait=false", .. place, .. haste]);
    }

    /// <inheritdoc/>
    public Task<string> ExecAsync(string @namespace, string pod, string container, IReadOnlyList<string> command) =>
        RunAsync(["exec", pod, "--namespace", @namespace, "--container", container, "--", .. command]);

    /// <inheritdoc/>
    public async Task<Answer> RequestToPodAsync(string @namespace, string pod, int port, HttpMethod method, string path, string? body, string? token)
    {
        var forward = await ForwardAsync((@namespace, pod, port));
        using var request = new HttpRequestMessage(method, new Uri(forward.Local, path))
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
        };
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await _http.SendAsync(request);
        return await Answer.ReadAsync(response);
    }

    /// <inheritdoc/>
    public async Task<string> TokenAsync(string @namespace, string account, string? audience)
    {
        IReadOnlyList<string> whom = audience is null ? [] : ["--audience", audience];
        return (await RunAsync(["create", "token", account, "--namespace", @namespace, "--duration", "10m", .. whom])).Trim();
    }

    /// <inheritdoc/>
    public async Task<bool> AuthenticatesAsync(string token)
    {
        // A kubeconfig with the token alone: beside a client certificate the server would not look at it.
        var config = (JsonObject)JsonNode.Parse(await RunAsync(["config", "view", "--raw", "--minify", "--flatten", "--output", "json"]))!;
        config["users"]![0]!["user"] = new JsonObject { ["token"] = token };
        var path = Path.Combine(Path.GetTempPath(), $"kubeconfig-{Guid.NewGuid():N}");
        await using (var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
            await file.WriteAsync(Encoding.UTF8.GetBytes(config.ToJsonString()));
        try
        {
            var answer = await Tool.RunAsync("kubectl", ["--kubeconfig", path, "get", "--raw", "/apis"]);
            return answer.ExitCode == 0 || answer.Error.Contains("(Forbidden)", StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <inheritdoc/>
    public async Task<JsonElement> ReviewAsync(string path, JsonObject review)
    {
        // Tens of thousands are asked for docs/access.md.
        var api = await _api.Value;
        using var content = new StringContent(review.ToJsonString(), Encoding.UTF8, "application/json");
        using var response = await _http.PostAsync(new Uri(api.Local, path), content);
        var answer = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode ? JsonElement.Parse(answer) : throw new InvalidOperationException($"{path}: {(int)response.StatusCode} {answer}");
    }

    /// <inheritdoc/>
    public async Task<Admitted> AdmitAsync(JsonObject @object)
    {
        var answer = await TryAsync(["create", "--dry-run=server", "--validate=strict", "--output", "json", "--filename", "-"], @object.ToJsonString());
        return answer.ExitCode == 0
            ? new Admitted(JsonElement.Parse(answer.Output), null)
            : new Admitted(default, Preamble().Replace(answer.Error.Trim(), ""));
    }

    /// <inheritdoc/>
    public Task<string> LogAsync(string @namespace, string pod) => RunAsync(["logs", pod, "--namespace", @namespace]);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var forward in _forwards.Values)
            await forward.DisposeAsync();
        if (_api is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
            await (await _api.Value).DisposeAsync();
        _http.Dispose();
        _forwarding.Dispose();
    }

    private async Task<PortForward> ForwardAsync((string Namespace, string Pod, int Port) to)
    {
        await _forwarding.WaitAsync();
        try
        {
            if (_forwards.TryGetValue(to, out var open))
            {
                if (open.IsOpen)
                    return open;
                await open.DisposeAsync();
            }
            return _forwards[to] = await PortForward.OpenAsync(kubeconfig, to.Namespace, to.Pod, to.Port);
        }
        finally
        {
            _forwarding.Release();
        }
    }

    private async Task<string> RunAsync(IReadOnlyList<string> arguments, string? input = null)
    {
        var came = await TryAsync(arguments, input);
        return came.ExitCode == 0 ? came.Output : throw Failed(arguments, came);
    }

    private Task<ToolResult> TryAsync(IReadOnlyList<string> arguments, string? input = null) =>
        Tool.RunAsync("kubectl", ["--kubeconfig", kubeconfig, .. arguments], input);

    private static InvalidOperationException Failed(IReadOnlyList<string> arguments, ToolResult came) => new(
        string.Create(CultureInfo.InvariantCulture, $"kubectl {string.Join(' ', arguments)} ended with {came.ExitCode}: {came.Error.Trim()}"));

    // What kubectl puts before the server's words.
    [GeneratedRegex(@"^(?:.*\n)*Error from server(?: \(\w+\))?: (?:error when creating ""STDIN"": )?")]
    private static partial Regex Preamble();
}
