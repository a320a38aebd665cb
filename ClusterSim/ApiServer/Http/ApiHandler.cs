using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.CustomResources;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Tables;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ClusterSim.Http;

/// <summary>
/// Answers HTTP requests: who asks; what the path names; the verb of the method; the body decoded by the schema; the API server's answer in
/// the form asked for. Every refusal is a Status; nothing a client sends makes a 500.
/// </summary>
internal sealed partial class ApiHandler
{
    // kube-apiserver takes no more: --max-request-body-bytes is fixed at 3 MiB.
    private const long BodyBytesMax = 3 * 1024 * 1024;

    private readonly ApiServer _server;
    private readonly IAuthenticator _authenticator;
    private readonly ITables _tables;
    private readonly RequestDecoder _decoder;
    private readonly ILogger _log;
    private readonly List<IApiPathHandler> _paths = [];
    private readonly Dictionary<(GroupResource, string), IStreamingSubresource> _streaming = [];

    /// <summary>A handler over <paramref name="server"/>.</summary>
    public ApiHandler(ApiServer server, IAuthenticator authenticator, RequestDecoder decoder, ITables tables, ILogger log)
    {
        _server = server;
        _authenticator = authenticator;
        _decoder = decoder;
        _tables = tables;
        _log = log;
    }

    /// <summary>Until when requests wait: a cluster listens before all of it has started.</summary>
    public Task Ready { get; init; } = Task.CompletedTask;

    /// <summary>Adds paths that name no resource.</summary>
    public void Add(IApiPathHandler paths) => _paths.Add(paths);

    /// <summary>Adds a subresource that streams.</summary>
    public void Add(GroupResource resource, string subresource, IStreamingSubresource streaming) => _streaming[(resource, subresource)] = streaming;

    /// <summary>Answers one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        try
        {
            await AnswerAsync(context);
        }
        catch (KubernetesApiException refusal) when (!context.Response.HasStarted)
        {
            await context.Response.WriteAsync(refusal);
        }
        catch (BadHttpRequestException broken) when (!context.Response.HasStarted)
        {
            await context.Response.WriteAsync(broken.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? TooLarge()
                : KubernetesApiException.BadRequest(broken.Message));
        }
        catch (Exception gone) when (gone is OperationCanceledException or ConnectionResetException or ConnectionAbortedException && (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested))
        {
            // The client went away: there is nobody to answer.
        }
        catch (Exception failure)
        {
            _log.LogError(failure, "{Method} {Path} failed inside the API server", context.Request.Method, context.Request.Path);
            if (context.Response.HasStarted)
                context.Abort();
            else
                await context.Response.WriteAsync(KubernetesApiException.InternalError(failure.Message));
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (!Ready.IsCompletedSuccessfully)
            await Ready.WaitAsync(context.RequestAborted);
        var path = context.Request.Path.Value ?? "/";
        if (path is "/healthz" or "/livez" or "/readyz")
        {
            await context.Response.WriteAsync("ok");
            return;
        }
        var user = _authenticator.Authenticate(context);
        if (ApiPath.TryParse(path, out var parsed))
        {
            if (_server.Catalog.Find(parsed.Group, parsed.Version, parsed.Resource) is { } resource)
            {
                await AnswerResourceAsync(context, new RequestTarget(user, resource, parsed.Namespace, parsed.Name, parsed.Subresource), parsed.Rest);
                return;
            }
            if (_server.Catalog.All.Any(type => type.Group == parsed.Group && type.Version == parsed.Version))
            {
                var asked = AskedVerb(context.Request, parsed.Name is null);
                _server.Authorize(new AccessAttributes(user, asked, new GroupResource(parsed.Group, parsed.Resource), parsed.Subresource, parsed.Namespace, parsed.Name));
                throw new KubernetesApiException(404, "NotFound", "the server could not find the requested resource", []);
            }
        }
        var verb = context.Request.Method.ToLowerInvariant();
        if (!_server.Authorizer.IsAllowed(new AccessAttributes(user, verb, null, Path: path), out _))
            throw new KubernetesApiException(403, "Forbidden", $"forbidden: User \"{user.Name}\" cannot {verb} path \"{path}\"", []);
        foreach (var handler in _paths)
            if (await handler.TryHandleAsync(context, user))
                return;
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync("404 page not found\n");
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
        var verb = VerbOf(context.Request, target);
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
        return verb switch
        {
            "get" => GetAsync(context, target),
            "list" => ListAsync(context, target),
            "watch" => WatchAsync(context, target),
            "create" => CreateAsync(context, target),
            "update" => UpdateAsync(context, target),
            "patch" => PatchAsync(context, target),
            "delete" => DeleteAsync(context, target),
            _ => DeleteCollectionAsync(context, target),
        };
    }

    /// <summary>What becomes of a request that no resource answers: told to whoever might have asked, to others a refusal like any other.</summary>
    private KubernetesApiException Unanswerable(HttpRequest request, in RequestTarget target, int code, string reason, string message)
    {
        _server.Authorize(target, AskedVerb(request, target.Name is null));
        return new KubernetesApiException(code, reason, message, []);
    }

    /// <summary>The verb that a request asks for, whether there is such a one or not: Kubernetes' <c>RequestInfo</c>.</summary>
    private static string AskedVerb(HttpRequest request, bool isCollection) => request.Method switch
    {
        "GET" or "HEAD" => !isCollection ? "get" : QueryOptions.Flag(request.Query, "watch") ? "watch" : "list",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" => isCollection ? "deletecollection" : "delete",
        _ => "",
    };

    /// <summary>The verb a method stands for, as far as paths tell; null for none.</summary>
    private static string? VerbOf(HttpRequest request, in RequestTarget target)
    {
        var collection = target.Name is null;
        return request.Method switch
        {
            "GET" => !collection ? "get" : QueryOptions.Flag(request.Query, "watch") ? "watch" : "list",
            "POST" => collection || target.Subresource is not null ? "create" : null,
            "PUT" => collection ? null : "update",
            "PATCH" => collection ? null : "patch",
            "DELETE" => collection ? "deletecollection" : "delete",
            _ => null,
        };
    }

    private static string? DeprecationOf(ResourceType resource) => (resource.Group, resource.Name) switch
    {
        ("", "endpoints") => "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
        ("", "componentstatuses") => "v1 ComponentStatus is deprecated in v1.19+",
        _ => resource.CustomVersion()?.DeprecationWarning,
    };

    private static KubernetesApiException TooLarge() => new(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728");

    private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext context)
    {
        var reader = context.Request.BodyReader;
        var dropped = 0L;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            if (dropped + read.Buffer.Length > BodyBytesMax)
            {
                dropped += read.Buffer.Length;
                reader.AdvanceTo(read.Buffer.End);
                if (read.IsCompleted)
                    throw TooLarge();
                continue;
            }
            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
