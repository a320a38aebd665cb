using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Admission;
using ClusterSim.Client;
using ClusterSim.Machinery;
using ClusterSim.Patching;
using ClusterSim.Registry;
using ClusterSim.Registry.Reviews;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;
using ClusterSim.Validation;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Tests.Access;

/// <summary>An API server with access control and admission as in a cluster, and no controllers, nodes or validation.</summary>
internal sealed class AccessCluster : IDisposable
{
    private static readonly ResourceCatalog SharedCatalog = new();
    private static readonly TypeSchema Schema = TypeSchema.Load();

    public AccessCluster(AdmissionOptions? admission = null)
    {
        var random = new Randomness(7);
        Access = new ClusterAccess(Store, Clock, random);
        Server = new ApiServer(
            Store, SharedCatalog, kind => new TestStrategy(kind), Access.Authorizer, new FieldManager(Schema, SharedCatalog), new Selectors(), Clock, random);
        AccessResources.Register(Server, Access);
        foreach (var plugin in AdmissionPlugins.All(Store, Access, random, admission))
            Server.Add(plugin);
        Priority.Install(Store, Clock, random);
        Admin = new ApiClient(Server, UserInfo.ApiServer, "test");
    }

    public SettableClock Clock { get; } = new();

    public VersionedStore Store { get; } = new();

    public ClusterAccess Access { get; }

    public ApiServer Server { get; }

    public ApiClient Admin { get; }

    public static ResourceType Resource(string name, string group = "") => SharedCatalog.Require(name, group);

    public ApiClient As(UserInfo user) => Admin.As(user, "test");

    public static UserInfo User(string name, params string[] groups) => new(name, [.. groups, UserInfo.Authenticated]);

    /// <summary>A namespace with its default service account, which a controller makes in a cluster.</summary>
    public Document Namespace(string name, params ReadOnlySpan<(string Name, JsonNode? Value)> labels)
    {
        var made = Create("""{"apiVersion":"v1","kind":"Namespace"}""", null, name, labels);
        Create("""{"apiVersion":"v1","kind":"ServiceAccount"}""", name, "default");
        return made;
    }

    public Document Create(string json, string? @namespace, string name, params ReadOnlySpan<(string Name, JsonNode? Value)> labels) =>
        Create(Admin, json, @namespace, name, labels).Object;

    public static WriteResult Create(ApiClient client, string json, string? @namespace, string name, params ReadOnlySpan<(string Name, JsonNode? Value)> labels)
    {
        var @object = JsonNode.Parse(json)!.AsObject();
        var metadata = @object.Ensure("metadata");
        metadata["name"] = name;
        if (@namespace is not null)
            metadata["namespace"] = @namespace;
        if (labels.Length > 0)
            metadata["labels"] = Object(labels);
        var (group, version) = GroupVersion.Parse(@object.Text("apiVersion")!);
        var resource = SharedCatalog.Find(new GroupVersionKind(group, version, @object.Text("kind")!))!;
        return new WriteResult(client.Create(resource, @object), 201, []);
    }

    public void Dispose() => Access.Dispose();

    /// <summary>Just enough of the registries for access and admission: a namespace's phase, and generations.</summary>
    private sealed class TestStrategy(GroupVersionKind kind) : KindStrategy
    {
        public override GroupVersionKind Kind => kind;

        public override IReadOnlyList<string> StatusFields => kind.Kind is "Pod" or "Namespace" or "Deployment" or "ResourceQuota" ? ["status"] : [];

        public override void PrepareForCreate(JsonObject @object)
        {
            if (kind.Kind != "Namespace")
                return;
            @object.Ensure("spec")["finalizers"] = new JsonArray("kubernetes");
            @object["status"] = Object(("phase", "Active"));
        }
    }
}

/// <summary>A clock that shows what it is set to.</summary>
internal sealed class SettableClock : TimeProvider
{
    public DateTimeOffset Now { get; set; } = new(2026, 11, 22, 8, 0, 0, TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;
}
