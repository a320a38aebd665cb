using ClusterSim.Access;
using ClusterSim.CustomResources;
using ClusterSim.Http.Browsers;
using ClusterSim.Http.Handlers;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Tables;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ClusterSim.Http;

/// <summary>
/// Answers HTTP requests: authenticates the user, finds what the path names, and calls the handler of the verb. Every refusal is a Status;
/// nothing a client sends makes a 500.
/// </summary>
internal sealed class ApiHandler
{
    private readonly ApiServer _server;
    private readonly IAuthenticator _authenticator;
    private readonly ILogger _log;
    private readonly Dictionary<string, IVerbHandler> _verbs;
    private readonly AnswerEncoder _encoder;
    private readonly List<IApiPathHandler> _paths = [];
    private readonly Dictionary<(GroupResource, string), IStreamingSubresource> _streaming = [];

    /// <summary>A handler over <paramref name="server"/>.</summary>
    public ApiHandler(ApiServer server, IAuthenticator authenticator, RequestDecoder decoder, ITables tables, ILogger log)
    {
        _server = server;
        _authenticator = authenticator;
        _log = log;
        _encoder = new AnswerEncoder(decoder.Schema);
        var body = new RequestBody(server, decoder);
        var response = new ObjectResponse(server, tables);
        _verbs = new(StringComparer.Ordinal)
        {
            ["get"] = new GetResource(server, response),
            ["list"] = new ListResource(server, tables, response),
            ["watch"] = new WatchResource(server, tables, response),
            ["create"] = new CreateResource(server, body, response),
            ["update"] = new UpdateResource(server, body, response),
            ["patch"] = new PatchResource(server, decoder, body, response),
            ["delete"] = new DeleteResource(server, body, response),
            ["deletecollection"] = new DeleteCollection(server, body, response),
        };
    }

    /// <summary>Until when requests wait: a cluster listens before all of it has started.</summary>
    public Task Ready { get; init; } = Task.CompletedTask;

    /// <summary>Which requests of browsers are answered.</summary>
    public BrowserCheck Browsers { get; init; } = BrowsersOf(new BrowserOptions());

    /// <summary>The check of the API's requests. A link of another page does not lead to it: there is nothing to see without a token.</summary>
    public static BrowserCheck BrowsersOf(BrowserOptions options) => new(options, "SimulatedClusterOptions.Browsers")
    {
        Server = "the Kubernetes API",
        IsNamed = host => host is "kubernetes" or "kubernetes.default" or "kubernetes.default.svc" || host.StartsWith("kubernetes.default.svc.", StringComparison.Ordinal),
    };

    /// <summary>Adds paths that name no resource.</summary>
    public void Add(IApiPathHandler paths) => _paths.Add(paths);

    /// <summary>Adds a subresource that streams.</summary>
    public void Add(GroupResource resource, string subresource, IStreamingSubresource streaming) => _streaming[(resource, subresource)] = streaming;

    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        context.Features.Set(_encoder);
        // Every answer names the request: by the client's own id, or a new one (WithAuditInit).
        context.Response.Headers["Audit-Id"] = context.Request.Headers["Audit-Id"] is [{ Length: > 0 } id, ..] ? id : _server.Random.NextUid();
        try
        {
            await AnswerAsync(context);
        }
        catch (KubernetesApiException ex) when (!context.Response.HasStarted)
        {
            await context.Response.WriteAsync(ex);
        }
        catch (BadHttpRequestException ex) when (!context.Response.HasStarted)
        {
            await context.Response.WriteAsync(ex.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? RequestBody.TooLarge()
                : KubernetesApiException.BadRequest("the body of the request is malformed"));
        }
        catch (Exception ex) when (ex is OperationCanceledException or ConnectionResetException or ConnectionAbortedException && (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested))
        {
            // The client closed the connection.
        }
        catch (Exception ex)
        {
            _log.LogError(ex, "{Method} {Path} failed inside the API server", context.Request.Method, context.Request.Path);
            if (context.Response.HasStarted)
                context.Abort();
            else
                await context.Response.WriteAsync(KubernetesApiException.InternalError("the simulated API server failed; its log says where"));
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (Browsers.Refuse(context.Request.Method, context.Request.IsHttps, context.Request.Host, context.Request.Headers) is { } refusal)
            throw new KubernetesApiException(403, "Forbidden", refusal, []);
        if (Browsers.AllowedOrigin(context.Request.Headers) is { } origin && CrossOriginSharing.Answer(context, origin))
            return;
        if (!Ready.IsCompletedSuccessfully)
            await Ready.WaitAsync(context.RequestAborted);
        var path = context.Request.Path.Value ?? "/";
        if (HealthChecks.IsRoot(path))
        {
            await WriteHealthAsync(context, HealthChecks.Answer(path, context.Request.Query)!);
            return;
        }
        var user = _authenticator.Authenticate(context);
        if (RequestInfo.TryParse(path, out var info))
        {
            if (_server.Catalog.Find(info.Group, info.Version, info.Resource) is { } resource)
            {
                await AnswerResourceAsync(context, new RequestTarget(user, resource, info.Namespace, info.Name, info.Subresource), info.Rest);
                return;
            }
            if (_server.Catalog.All.Any(type => type.Group == info.Group && type.Version == info.Version))
            {
                var asked = RequestInfo.VerbOf(context.Request, isCollection: info.Name is null);
                _server.Authorize(new AccessAttributes(user, asked, new GroupResource(info.Group, info.Resource), info.Subresource, info.Namespace, info.Name));
                throw new KubernetesApiException(404, "NotFound", "the server could not find the requested resource", []);
            }
        }
        var verb = context.Request.Method.ToLowerInvariant();
        if (!_server.Authorizer.IsAllowed(new AccessAttributes(user, verb, null, Path: path), out _))
            throw new KubernetesApiException(403, "Forbidden", $"forbidden: User \"{user.Name}\" cannot {verb} path \"{path}\"", []);
        if (HealthChecks.Answer(path, context.Request.Query) is { } health)
        {
            await WriteHealthAsync(context, health);
            return;
        }
        foreach (var handler in _paths)
            if (await handler.TryHandleAsync(context, user))
                return;
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync("404 page not found\n");
    }

    private static Task WriteHealthAsync(HttpContext context, string health)
    {
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        return context.Response.WriteAsync(health);
    }

    private Task AnswerResourceAsync(HttpContext context, in RequestTarget target, string? rest)
    {
        if (DeprecationOf(target.Resource) is { } deprecated)
            context.Response.Warn([deprecated]);
        if (target.Subresource is { } subresource)
        {
            if (_streaming.TryGetValue((target.Resource.GroupResource, subresource), out var streaming))
                return streaming.HandleAsync(context, target, rest);
            if (!target.Resource.Subresources.ContainsKey(subresource) || rest is not null)
                throw Unanswerable(context.Request, target, 404, "NotFound", "the server could not find the requested resource");
        }
        var verb = RoutedVerb(context.Request, target);
        var verbs = target.Subresource is { } sub ? target.Resource.Subresources[sub].Verbs : target.Resource.Verbs;
        // A namespace's objects are created in it; only a list goes over all namespaces.
        var nowhere = target.Resource.Namespaced && target.Namespace is null && verb is not ("list" or "watch");
        if (nowhere && target.Name is not null)
            throw Unanswerable(context.Request, target, 404, "NotFound", "the server could not find the requested resource");
        if (verb is null || !verbs.Contains(verb) || nowhere)
            throw Unanswerable(context.Request, target, 405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
        if (target.Subresource is { } unsupported && _server.Subresource(target.Resource.GroupResource, unsupported) is null
            && target.Resource.Subresources[unsupported].Kind.Kind != target.Resource.Kind)
            throw new KubernetesApiException(405, "MethodNotAllowed", $"the simulated cluster does not support {target.Resource.Name}/{unsupported}", []);
        return _verbs[verb].HandleAsync(context, target);
    }

    /// <summary>The error of a request that no resource answers; 403 where the user may not do what the request asks for.</summary>
    private KubernetesApiException Unanswerable(HttpRequest request, in RequestTarget target, int code, string reason, string message)
    {
        _server.Authorize(target, RequestInfo.VerbOf(request, isCollection: target.Name is null));
        return new KubernetesApiException(code, reason, message, []);
    }

    /// <summary>The verb whose handler a method is routed to; null for none.</summary>
    private static string? RoutedVerb(HttpRequest request, in RequestTarget target)
    {
        var isCollection = target.Name is null;
        return request.Method switch
        {
            "POST" when !isCollection && target.Subresource is null => null,
            "PUT" or "PATCH" when isCollection => null,
            "GET" or "POST" or "PUT" or "PATCH" or "DELETE" => RequestInfo.VerbOf(request, isCollection),
            _ => null,
        };
    }

    private static string? DeprecationOf(ResourceType resource) => (resource.Group, resource.Name) switch
    {
        ("", "endpoints") => "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
        ("", "componentstatuses") => "v1 ComponentStatus is deprecated in v1.19+",
        _ => resource.CustomVersion()?.DeprecationWarning,
    };
}
