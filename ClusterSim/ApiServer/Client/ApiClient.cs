using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Patching;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Client;

/// <summary>
/// The API for callers in this process: one identity, one field manager, the same server and the same rules as over HTTP.
/// Refusals are <see cref="KubernetesApiException"/>s.
/// </summary>
internal sealed class ApiClient(ApiServer server, UserInfo user, string fieldManager)
{
    private readonly WriteOptions _options = new() { FieldManager = fieldManager };

    /// <summary>The server.</summary>
    public ApiServer Server { get; } = server;

    /// <summary>The resource, in its storage version.</summary>
    public ResourceType Resource(string name, string group = "") => Server.Catalog.Require(name, group);

    /// <summary>The same server for somebody else.</summary>
    public ApiClient As(UserInfo other, string manager) => new(Server, other, manager);

    /// <summary>The object; null where there is none.</summary>
    public Document? Find(ResourceType resource, ObjectKey key)
    {
        Server.Authorize(Target(resource, key), "get");
        return Server.Store.Find(resource.Storage, key);
    }

    /// <summary>All objects as they are now; lazily, on one snapshot.</summary>
    public IEnumerable<Document> List(ResourceType resource, string? @namespace = null) => Snapshot(resource, @namespace).All(@namespace);

    /// <summary>All objects as they are now, with the indexes by controller and node.</summary>
    public StoreSnapshot Snapshot(ResourceType resource, string? @namespace = null)
    {
        Server.Authorize(new RequestTarget(user, resource, @namespace, null), "list");
        return Server.Store.Current(resource.Storage);
    }

    /// <summary>Creates an object; its metadata's namespace says where.</summary>
    public Document Create(ResourceType resource, JsonObject @object) =>
        Server.Create(new RequestTarget(user, resource, (@object["metadata"] as JsonObject).Text("namespace"), null), (JsonObject)@object.DeepClone(), _options).Object;

    /// <summary>Replaces an object; with a resourceVersion in it, only that version.</summary>
    public Document Update(ResourceType resource, JsonObject @object, string? subresource = null)
    {
        var metadata = @object["metadata"] as JsonObject;
        return Server.Update(Target(resource, new(metadata.Text("namespace"), metadata.Text("name") ?? ""), subresource), @object, _options).Object;
    }

    /// <summary>
    /// Reads, changes and writes an object until no other writer is in between; null, and nothing written, where it is gone.
    /// <paramref name="change"/> returns false to leave it as it is; it may run more than once.
    /// </summary>
    /// <exception cref="KubernetesApiException">409 where another writer was faster at every attempt.</exception>
    public Document? Change(ResourceType resource, ObjectKey key, Func<JsonObject, bool> change, string? subresource = null)
    {
        try
        {
            return Retry.RetryOnConflict(() =>
            {
                if (Server.Store.Find(resource.Storage, key) is not { } live)
                    return null;
                var @object = live.ToObject();
                return change(@object) ? Update(resource, @object, subresource) : live;
            });
        }
        catch (KubernetesApiException ex) when (ex.Code == 404)
        {
            return null;
        }
    }

    /// <summary>Patches an object.</summary>
    public Document Patch(ResourceType resource, ObjectKey key, PatchType type, JsonNode patch, string? subresource = null) =>
        Server.Patch(Target(resource, key, subresource), type, patch.ToUtf8(), _options).Object;

    /// <summary>Server-side apply.</summary>
    public Document Apply(ResourceType resource, JsonObject configuration, bool force = true)
    {
        var metadata = configuration["metadata"] as JsonObject;
        return Server.Apply(Target(resource, new(metadata.Text("namespace"), metadata.Text("name") ?? "")), configuration, _options with { Force = force }).Object;
    }

    /// <summary>Deletes an object; absent is no error.</summary>
    public void Delete(ResourceType resource, ObjectKey key, DeleteOptions? options = null)
    {
        try
        {
            Server.Delete(Target(resource, key), options ?? DeleteOptions.None);
        }
        catch (KubernetesApiException gone) when (gone.Code == 404)
        {
            // As wished.
        }
    }

    /// <summary>Writes a subresource (binding, eviction, scale…).</summary>
    public WriteResult CreateSubresource(ResourceType resource, ObjectKey key, string subresource, JsonObject body) =>
        Server.Create(Target(resource, key, subresource), body, _options);

    private RequestTarget Target(ResourceType resource, ObjectKey key, string? subresource = null) =>
        new(user, resource, key.Namespace, key.Name, subresource);
}
