using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Json;
using ClusterSim.Schema;

namespace Harness.Kube;

/// <summary>
/// A small client of the Kubernetes API, for any cluster a kubeconfig names: enough for this project's commands and tests to need no
/// kubectl. Built-in resources only.
/// </summary>
public sealed class KubeClient : IDisposable
{
    /// <summary>The field manager of what this client applies.</summary>
    public const string FieldManager = "harness";

    private readonly IReadOnlyList<ApiResource> _resources = ApiResource.BuiltIn();
    private readonly KubeconfigEntry _config;
    private readonly HttpClient _http;

    /// <summary>A client of the cluster <paramref name="config"/> names.</summary>
    public KubeClient(KubeconfigEntry config)
    {
        // Paths are relative to the server's, which may have a path of its own.
        _config = config.Server.AbsolutePath.EndsWith('/') ? config : config with { Server = new Uri(config.Server + "/") };
        var authority = config.AuthorityPem is { } pem ? X509Certificate2.CreateFromPem(pem) : null;
        var handler = new SocketsHttpHandler { UseProxy = false, AutomaticDecompression = DecompressionMethods.GZip };
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, errors) =>
            config.SkipTlsVerify || errors == SslPolicyErrors.None
            || (errors == SslPolicyErrors.RemoteCertificateChainErrors && IsSignedBy(authority, certificate));
        if (config is { ClientCertificatePem: { } own, ClientKeyPem: { } key })
            handler.SslOptions.ClientCertificates = [WithKey(own, key)];
        _http = new HttpClient(handler) { BaseAddress = _config.Server, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.UserAgent.Add(new ProductInfoHeaderValue(FieldManager, "1.0"));
        if (config.Token is { } token)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
    }

    /// <summary>Where the cluster is.</summary>
    public Uri Server => _config.Server;

    /// <summary>The context's namespace.</summary>
    public string Namespace => _config.Namespace ?? "default";

    /// <summary>
    /// A resource by any name kubectl takes: plural, singular, short, kind; <c>deployments.apps</c> where a name is ambiguous.
    /// </summary>
    /// <exception cref="KubeException">There is none.</exception>
    public KubeResource Resource(string name)
    {
        var wanted = name.ToLowerInvariant();
        var (plain, group) = wanted.Split('.', 2) is [var first, var rest] ? (first, rest) : (wanted, null);
        var found = _resources.FirstOrDefault(type =>
            (group is null || type.Group == group)
            && (type.Name == plain || type.SingularName == plain || type.ShortNames.Contains(plain) || type.Kind.Equals(plain, StringComparison.OrdinalIgnoreCase)));
        return found is null
            ? throw new KubeException(404, $"the server doesn't have a resource type \"{name}\"")
            : new KubeResource(_resources.FirstOrDefault(type => type.Name == found.Name && type.Group == found.Group && type.IsPreferred) ?? found);
    }

    /// <summary>The resource of an object's apiVersion and kind.</summary>
    /// <exception cref="KubeException">There is none.</exception>
    public KubeResource ResourceOf(JsonNode @object)
    {
        var version = (string?)@object["apiVersion"] ?? "";
        var kind = (string?)@object["kind"] ?? "";
        return new KubeResource(_resources.FirstOrDefault(type => type.ApiVersion == version && type.Kind == kind)
            ?? throw new KubeException(404, $"no matches for kind \"{kind}\" in version \"{version}\""));
    }

    /// <summary>Returns the resource of an object's kind, built in or defined by the cluster; null where the cluster has none.</summary>
    public async Task<KubeResource?> FindResourceOfAsync(JsonObject @object, CancellationToken cancellation = default)
    {
        var version = KubeJson.TextOf(@object, "apiVersion") ?? "";
        var kind = KubeJson.TextOf(@object, "kind") ?? "";
        if (_resources.FirstOrDefault(type => type.ApiVersion == version && type.Kind == kind) is { } builtIn)
            return new KubeResource(builtIn);
        if (version.Split('/') is not [var group, var plainVersion])
            return null;
        try
        {
            var discovered = await SendAsync(HttpMethod.Get, $"apis/{version}", null, null, cancellation);
            foreach (var one in discovered.At("resources").Items())
                if (one.At("kind").Text() == kind && one.At("name").Text("") is var name && !name.Contains('/', StringComparison.Ordinal))
                    return new KubeResource(group, plainVersion, kind, name, one.At("singularName").Text(kind.ToLowerInvariant()), one.At("namespaced").Flag(false));
            return null;
        }
        catch (KubeException ex) when (ex.Code == 404)
        {
            return null;
        }
    }

    /// <summary>Plural and short names of everything that is built in, for completion.</summary>
    public IEnumerable<string> ResourceNames => _resources.SelectMany(type => type.ShortNames.Prepend(type.Name)).Distinct(StringComparer.Ordinal);

    /// <summary>One object.</summary>
    /// <exception cref="KubeException">It cannot be had; 404 where there is none.</exception>
    public async Task<JsonElement> GetAsync(KubeResource resource, string? @namespace, string name, CancellationToken cancellation = default) =>
        await SendAsync(HttpMethod.Get, resource.Path(@namespace, name), null, null, cancellation);

    /// <summary>One object; null where there is none.</summary>
    public async Task<JsonElement?> FindAsync(KubeResource resource, string? @namespace, string name, CancellationToken cancellation = default)
    {
        try
        {
            return await GetAsync(resource, @namespace, name, cancellation);
        }
        catch (KubeException absent) when (absent.Code == 404)
        {
            return null;
        }
    }

    /// <summary>All objects of a namespace, or of all where none is named.</summary>
    public async Task<IReadOnlyList<JsonElement>> ListAsync(
        KubeResource resource, string? @namespace, string? labelSelector = null, CancellationToken cancellation = default)
    {
        var query = labelSelector is null ? "" : $"?labelSelector={Uri.EscapeDataString(labelSelector)}";
        var list = await SendAsync(HttpMethod.Get, resource.Path(@namespace) + query, null, null, cancellation);
        return [.. list.At("items").Items()];
    }

    /// <summary>What kubectl prints: a <c>Table</c> of one object, or of all.</summary>
    public async Task<JsonElement> TableAsync(
        KubeResource resource, string? @namespace, string? name, string? labelSelector = null, CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get, resource.Path(@namespace, name) + (labelSelector is null ? "" : $"?labelSelector={Uri.EscapeDataString(labelSelector)}"));
        request.Headers.TryAddWithoutValidation("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
        return await ReadAsync(request, cancellation);
    }

    /// <summary>Server-side apply: the object is as it says, whatever it was; fields of ours that it no longer names go.</summary>
    public async Task<JsonElement> ApplyAsync(JsonObject @object, CancellationToken cancellation = default) =>
        await ApplyAsync(await FindResourceOfAsync(@object, cancellation) ?? ResourceOf(@object), @object, isDryRun: false, cancellation);

    /// <summary>Applies an object of a known resource, or returns what applying it would give.</summary>
    /// <exception cref="KubeException">The API refuses it.</exception>
    public Task<JsonElement> ApplyAsync(KubeResource resource, JsonObject @object, bool isDryRun, CancellationToken cancellation = default)
    {
        var metadata = @object["metadata"];
        var path = resource.Path((string?)metadata?["namespace"] ?? Namespace, (string?)metadata?["name"]);
        return SendAsync(
            HttpMethod.Patch, $"{path}?fieldManager={FieldManager}&force=true&fieldValidation=Strict{(isDryRun ? "&dryRun=All" : "")}", @object, "application/apply-patch+yaml", cancellation);
    }

    /// <summary>Creates an object.</summary>
    public Task<JsonElement> CreateAsync(JsonObject @object, CancellationToken cancellation = default)
    {
        var resource = ResourceOf(@object);
        return SendAsync(
            HttpMethod.Post, $"{resource.Path((string?)@object["metadata"]?["namespace"] ?? Namespace)}?fieldValidation=Strict", @object, "application/json", cancellation);
    }

    /// <summary>Patches an object, or a subresource of it.</summary>
    /// <param name="resource">Its resource.</param>
    /// <param name="namespace">Its namespace.</param>
    /// <param name="name">Its name, followed by a slash and the subresource where one is meant.</param>
    /// <param name="patch">The patch.</param>
    /// <param name="type">Its media type.</param>
    /// <param name="cancellation">Gives up.</param>
    public Task<JsonElement> PatchAsync(
        KubeResource resource, string? @namespace, string name, JsonNode patch, string type = "application/strategic-merge-patch+json", CancellationToken cancellation = default) =>
        SendAsync(HttpMethod.Patch, resource.Path(@namespace, name), patch, type, cancellation);

    /// <summary>Deletes an object; absent is no error. False where there was none.</summary>
    public async Task<bool> DeleteAsync(
        KubeResource resource, string? @namespace, string name, int? gracePeriodSeconds = null, CancellationToken cancellation = default)
    {
        var options = new JsonObject { ["propagationPolicy"] = "Background" };
        if (gracePeriodSeconds is { } seconds)
            options["gracePeriodSeconds"] = seconds;
        try
        {
            await SendAsync(HttpMethod.Delete, resource.Path(@namespace, name), options, "application/json", cancellation);
            return true;
        }
        catch (KubeException absent) when (absent.Code == 404)
        {
            return false;
        }
    }

    /// <summary>A container's log, as it comes. The caller disposes the stream.</summary>
    /// <param name="namespace">The pod's namespace.</param>
    /// <param name="pod">The pod.</param>
    /// <param name="query">What to show, as the API's query parameters: <c>container=main&amp;follow=true</c>.</param>
    /// <param name="cancellation">Ends the stream.</param>
    public async Task<Stream> LogAsync(string @namespace, string pod, string query = "", CancellationToken cancellation = default)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"{Resource("pods").Path(@namespace, pod)}/log?{query}");
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (response.IsSuccessStatusCode)
            return await response.Content.ReadAsStreamAsync(cancellation);
        using (response)
            throw await RefusalAsync(response, cancellation);
    }

    /// <summary>
    /// An HTTP request to a pod through the API server (<c>pods/proxy</c>): it reaches that pod and no other. The answer is the pod's own.
    /// </summary>
    public Task<HttpResponseMessage> ProxyAsync(
        string @namespace, string pod, int port, HttpMethod method, string path, HttpContent? content = null, CancellationToken cancellation = default)
    {
        var request = new HttpRequestMessage(method, $"{Resource("pods").Path(@namespace, $"{pod}:{port}")}/proxy/{path.TrimStart('/')}") { Content = content };
        return _http.SendAsync(request, cancellation);
    }

    /// <summary>
    /// A connection to a port of a pod, past Services and policies (<c>pods/portforward</c>). Unlike <see cref="ProxyAsync"/> it carries any bytes,
    /// an <c>Authorization</c> header for the pod among them: the API server takes that of a proxied request for its own.
    /// </summary>
    /// <exception cref="IOException">No connection came about.</exception>
    public async Task<Stream> ForwardAsync(string @namespace, string pod, int port, CancellationToken cancellation = default) => await PodConnection.OpenAsync(
        new Uri(_config.Server, $"{Resource("pods").Path(@namespace, pod)}/portforward?ports={port}"), _http, $"port {port} of pod {@namespace}/{pod}", cancellation);

    /// <summary>Runs a command in a pod's container and returns its standard output (<c>pods/exec</c>).</summary>
    /// <exception cref="KubeException">The command could not be run, or did not end with exit code 0.</exception>
    public Task<string> ExecAsync(string @namespace, string pod, string container, IReadOnlyList<string> command, CancellationToken cancellation = default)
    {
        var query = string.Concat(command.Select(word => $"&command={Uri.EscapeDataString(word)}"));
        return PodExec.RunAsync(
            new Uri(_config.Server, $"{Resource("pods").Path(@namespace, pod)}/exec?container={container}&stdout=true&stderr=true{query}"), _http, $"pod {@namespace}/{pod}", cancellation);
    }

    /// <summary>A token of a service account's (TokenRequest).</summary>
    /// <param name="namespace">The account's namespace.</param>
    /// <param name="account">Its name.</param>
    /// <param name="audience">Whom the token is for; null for the API server.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<string> TokenAsync(string @namespace, string account, string? audience = null, CancellationToken cancellation = default)
    {
        var asked = KubeJson.Object(("apiVersion", "authentication.k8s.io/v1"), ("kind", "TokenRequest"), ("spec", KubeJson.Object(
            ("audiences", audience is null ? null : new JsonArray(audience)), ("expirationSeconds", 600))));
        var given = await SendAsync(HttpMethod.Post, $"{Resource("serviceaccounts").Path(@namespace, account)}/token", asked, null, cancellation);
        return given.At("status", "token").Text("");
    }

    /// <summary>The changes of one resource from now on, what is there first; until cancelled or the server ends the watch.</summary>
    public async IAsyncEnumerable<(string Type, JsonElement Object)> WatchAsync(
        KubeResource resource, string? @namespace, string? fieldSelector = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var query = "?watch=true" + (fieldSelector is null ? "" : $"&fieldSelector={Uri.EscapeDataString(fieldSelector)}");
        using var request = new HttpRequestMessage(HttpMethod.Get, resource.Path(@namespace) + query);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (!response.IsSuccessStatusCode)
            throw await RefusalAsync(response, cancellation);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation), Encoding.UTF8);
        while (await lines.ReadLineAsync(cancellation) is { } line)
        {
            var change = JsonElement.Parse(line);
            yield return (change.At("type").Text(""), change.At("object"));
        }
    }

    /// <summary>
    /// What <c>kubectl get -w</c> prints: tables of one row, what is there first. The columns come with the first alone, so each is given them here.
    /// </summary>
    public async IAsyncEnumerable<(string Type, JsonElement Table)> WatchTableAsync(
        KubeResource resource, string? @namespace, string? name, string? labelSelector = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        var query = "?watch=true" + (labelSelector is null ? "" : $"&labelSelector={Uri.EscapeDataString(labelSelector)}")
            + (name is null ? "" : $"&fieldSelector={Uri.EscapeDataString($"metadata.name={name}")}");
        using var request = new HttpRequestMessage(HttpMethod.Get, resource.Path(@namespace) + query);
        request.Headers.TryAddWithoutValidation("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json");
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (!response.IsSuccessStatusCode)
            throw await RefusalAsync(response, cancellation);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancellation), Encoding.UTF8);
        JsonNode? columns = null;
        while (await lines.ReadLineAsync(cancellation) is { } line)
        {
            var change = JsonElement.Parse(line);
            var table = change.At("object").ToObject();
            columns = change.At("object", "columnDefinitions").Count() > 0 ? change.At("object", "columnDefinitions").ToNode() : columns;
            table["columnDefinitions"] = columns?.DeepClone();
            if (change.At("type").Text() != "BOOKMARK")
                yield return (change.At("type").Text(""), table.ToElement());
        }
    }

    /// <summary>A request by hand, for what has no method here.</summary>
    public Task<JsonElement> SendAsync(HttpMethod method, string path, JsonNode? body, string? mediaType, CancellationToken cancellation = default)
    {
        var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(mediaType ?? "application/json");
        }
        return ReadAsync(request, cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private async Task<JsonElement> ReadAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        HttpResponseMessage response;
        try
        {
            response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (HttpRequestException unreachable)
        {
            throw new KubeException(0, $"the cluster at {_config.Server} cannot be reached: {(unreachable.InnerException ?? unreachable).Message}", unreachable);
        }
        using (response)
        {
            if (!response.IsSuccessStatusCode)
                throw await RefusalAsync(response, cancellation);
            return JsonElement.Parse(await response.Content.ReadAsByteArrayAsync(cancellation));
        }
    }

    private static async Task<KubeException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        var body = await response.Content.ReadAsStringAsync(cancellation);
        string? message = null;
        try
        {
            message = JsonElement.Parse(body).At("message").Text();
        }
        catch (JsonException)
        {
            // A proxy's or a broken server's answer: shown as it is.
        }
        return new KubeException((int)response.StatusCode, message ?? $"{(int)response.StatusCode} {response.ReasonPhrase}: {body.Trim()}");
    }

    // macOS cannot use an ephemeral key in TLS: the way through PKCS#12 works everywhere.
    private static X509Certificate2 WithKey(string certificate, string key)
    {
        using var ephemeral = X509Certificate2.CreateFromPem(certificate, key);
        return X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), null);
    }

    private static bool IsSignedBy(X509Certificate2? authority, X509Certificate? shown)
    {
        if (authority is null || shown is null)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        using var certificate = new X509Certificate2(shown);
        return chain.Build(certificate);
    }
}
