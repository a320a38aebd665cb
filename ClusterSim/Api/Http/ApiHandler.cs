using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Json;
using ClusterSim.Schema;
using ClusterSim.Storage;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ClusterSim.Api.Http;

/// <summary>
/// Answers HTTP requests: who asks; what the path names; the verb of the method; the body decoded by the schema; the API server's answer in
/// the form asked for. Every refusal is a Status; nothing a client sends makes a 500.
/// </summary>
internal sealed partial class ApiHandler
{
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
        catch (ApiException refusal) when (!context.Response.HasStarted)
        {
            await context.Response.WriteAsync(refusal);
        }
        catch (BadHttpRequestException broken) when (!context.Response.HasStarted)
        {
            await context.Response.WriteAsync(broken.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? new ApiException(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728")
                : ApiException.BadRequest(broken.Message));
        }
        catch (Exception gone) when (gone is OperationCanceledException or ConnectionResetException or ConnectionAbortedException && context.RequestAborted.IsCancellationRequested)
        {
            // The client went away: there is nobody to answer.
        }
        catch (Exception failure) when (!context.Response.HasStarted)
        {
            _log.LogError(failure, "{Method} {Path} failed inside the API server", context.Request.Method, context.Request.Path);
            await context.Response.WriteAsync(ApiException.InternalError(failure.Message));
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
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
                throw new ApiException(404, "NotFound", "the server could not find the requested resource", []);
        }
        var verb = context.Request.Method.ToLowerInvariant();
        if (!_server.Authorizer.IsAllowed(new AccessAttributes(user, verb, null, Path: path), out _))
            throw new ApiException(403, "Forbidden", $"forbidden: User \"{user.Name}\" cannot {verb} path \"{path}\"", []);
        foreach (var handler in _paths)
            if (await handler.TryHandleAsync(context, user))
                return;
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync("404 page not found\n");
    }

    private Task AnswerResourceAsync(HttpContext context, in RequestTarget target, string? rest)
    {
        if (target.Subresource is { } subresource)
        {
            if (_streaming.TryGetValue((target.Resource.GroupResource, subresource), out var streaming))
                return streaming.HandleAsync(context, target, rest);
            if (!target.Resource.Subresources.ContainsKey(subresource) || rest is not null)
                throw new ApiException(404, "NotFound", "the server could not find the requested resource", []);
        }
        var method = context.Request.Method;
        var query = context.Request.Query;
        if (HttpMethods.IsGet(method) || HttpMethods.IsHead(method))
        {
            if (target.Name is not null)
                return GetAsync(context, target);
            return QueryOptions.Flag(query, "watch") ? WatchAsync(context, target) : ListAsync(context, target);
        }
        if (HttpMethods.IsPost(method) && (target.Name is null || target.Subresource is not null))
            return CreateAsync(context, target);
        if (HttpMethods.IsPut(method) && target.Name is not null)
            return UpdateAsync(context, target);
        if (HttpMethods.IsPatch(method) && target.Name is not null)
            return PatchAsync(context, target);
        if (HttpMethods.IsDelete(method) && target.Subresource is null)
            return target.Name is null ? DeleteCollectionAsync(context, target) : DeleteAsync(context, target);
        throw new ApiException(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", []);
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext context)
    {
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
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
