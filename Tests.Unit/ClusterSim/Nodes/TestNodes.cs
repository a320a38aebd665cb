using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Access;
using ClusterSim.Client;
using ClusterSim.Machinery;
using ClusterSim.Network;
using ClusterSim.Nodes;
using ClusterSim.Nodes.Images;
using ClusterSim.Nodes.Simulated;
using ClusterSim.Patching;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;
using ClusterSim.Streaming;
using ClusterSim.Validation;
using Microsoft.Extensions.Logging;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Tests.Nodes;

/// <summary>An API server, nodes, and a wire without names; pods are bound by whoever creates them.</summary>
internal sealed class TestNodes : IAsyncDisposable
{
    private static readonly ResourceCatalog Catalog = new();
    private static readonly TypeSchema Schema = TypeSchema.Load();

    public TestNodes(bool realTime = false, int nodes = 1, bool hasPodNetwork = true, ProgramLimits? limits = null)
    {
        Manual = new ManualClock(new DateTimeOffset(2026, 11, 22, 8, 0, 0, TimeSpan.Zero));
        Manual.Attach(Quiescence);
        TimeProvider clock = realTime ? TimeProvider.System : Manual;
        var random = new Randomness(1);
        Server = new ApiServer(
            new VersionedStore(), Catalog, kind => new TestStrategy(kind), new Anybody(), new FieldManager(Schema, Catalog), new Selectors(), clock, random);
        Client = new ApiClient(Server, UserInfo.ApiServer, "test");
        Informers = new Informers(Server, Quiescence);
        SimulatedImages.AddTo(Images);
        BoxImage.AddTo(Images);
        Pool = new Kubelets(new NodeEnvironment
        {
            Server = Server,
            Informers = Informers,
            Networks = hasPodNetwork ? Networks : new NoPodNetworks(),
            Images = Images,
            Clock = clock,
            Random = random,
            Quiescence = Quiescence,
            Log = Complaints,
            Tokens = new Tokens(),
            Limits = limits ?? new ProgramLimits(),
        });
        for (var i = 1; i <= nodes; i++)
            Pool.Add(new NodeOptions { Name = $"node-{i}" });
        Informers.Start();
        Pool.Start();
        Put("v1", "ServiceAccount", "default", "default");
        Put("v1", "ConfigMap", "default", "kube-root-ca.crt", ("data", Object(("ca.crt", "certificate"))));
    }

    private Complaint Complaints { get; } = new();

    public ManualClock Manual { get; }

    public ApiServer Server { get; }

    public ApiClient Client { get; }

    public Informers Informers { get; }

    public ImageStore Images { get; } = new();

    public MemoryNetworks Networks { get; } = new();

    public Quiescence Quiescence { get; } = new();

    public Kubelets Pool { get; }

    public static ResourceType Pods { get; } = Catalog.Require("pods");

    public Document Put(string apiVersion, string kind, string @namespace, string name, params ReadOnlySpan<(string Name, JsonNode? Value)> fields)
    {
        var (group, version) = GroupVersion.Parse(apiVersion);
        var @object = Object(fields);
        @object["metadata"] = Object(("name", name), ("namespace", @namespace));
        @object["apiVersion"] = apiVersion;
        @object["kind"] = kind;
        return Client.Create(Catalog.Find(new GroupVersionKind(group, version, kind))!, @object);
    }

    public void Change(string resource, string @namespace, string name, Func<JsonObject, bool> change) =>
        Client.Change(Catalog.Require(resource), new ObjectKey(@namespace, name), change);

    public void ChangeStatus(string resource, string @namespace, string name, Func<JsonObject, bool> change) =>
        Client.Change(Catalog.Require(resource), new ObjectKey(@namespace, name), change, "status");

    public void Remove(string resource, string @namespace, string name) => Client.Delete(Catalog.Require(resource), new ObjectKey(@namespace, name), new DeleteOptions());

    /// <summary>A pod on node-1, with the token volume that admission would add.</summary>
    public Document Pod(string name, string spec, string @namespace = "default", string node = "node-1", bool withToken = false)
    {
        var json = JsonNode.Parse(spec)!.AsObject();
        json["nodeName"] = node;
        if (withToken)
        {
            Append(json, "volumes", JsonNode.Parse("""
                {"name":"kube-api-access-abcde","projected":{"sources":[{"serviceAccountToken":{"path":"token","expirationSeconds":3607}},
                {"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},
                {"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"fieldPath":"metadata.namespace"}}]}}]}}
                """)!);
            foreach (var container in (json["containers"] as JsonArray)!.Concat(json["initContainers"] as JsonArray ?? []))
                Append(container!.AsObject(), "volumeMounts", JsonNode.Parse(
                    """{"name":"kube-api-access-abcde","mountPath":"/var/run/secrets/kubernetes.io/serviceaccount","readOnly":true}""")!);
        }
        return Put("v1", "Pod", @namespace, name, ("spec", json));

        static void Append(JsonObject to, string field, JsonNode item)
        {
            if (to[field] is not JsonArray)
                to[field] = new JsonArray();
            to[field]!.AsArray().Add(item);
        }
    }

    public Document? Find(string pod, string @namespace = "default") => Client.Find(Pods, new ObjectKey(@namespace, pod));

    public JsonElement Status(string pod, string @namespace = "default") => Find(pod, @namespace)?.Status ?? default;

    public JsonElement ContainerStatus(string pod, int index = 0) => Status(pod).At("containerStatuses").Items().ElementAtOrDefault(index);

    public string? Condition(string pod, string type) =>
        Status(pod).At("conditions").Items().FirstOrDefault(condition => condition.At("type").Text() == type).At("status").Text();

    public void Delete(string pod, long? grace = null, string @namespace = "default") =>
        Client.Delete(Pods, new ObjectKey(@namespace, pod), new DeleteOptions { GracePeriodSeconds = grace });

    public void Settle() => Advance(TimeSpan.Zero);

    public void Advance(double seconds) => Advance(TimeSpan.FromSeconds(seconds));

    public void Advance(TimeSpan span) => Manual.AdvanceAsync(span).GetAwaiter().GetResult();

    /// <summary>What was told of a pod: <c>Type Reason message ×count</c>, in no order.</summary>
    public IReadOnlyList<string> Events(string pod, string @namespace = "default") =>
        [.. Client.List(Catalog.Require("events"), @namespace).Where(told => told.Root.At("involvedObject", "name").Text() == pod)
            .Select(told => $"{told.Root.At("type").Text()} {told.Root.At("reason").Text()} {told.Root.At("message").Text()} ×{told.Root.At("count").Integer(0)}")];

    public async Task<string> Log(string pod, string container = "main", LogOptions? options = null)
    {
        using var output = new MemoryStream();
        var document = Find(pod)!;
        await Pool.Find(document.NodeName!)!.WriteLogAsync(document, container, options ?? new LogOptions(), output, CancellationToken.None);
        return System.Text.Encoding.UTF8.GetString(output.ToArray());
    }

    public async ValueTask DisposeAsync()
    {
        await Pool.DisposeAsync();
        await Informers.DisposeAsync();
        Assert.That(Complaints.Told, Is.Empty);
    }

    /// <summary>Complaints are shown with the test, and make it fail.</summary>
    private sealed class Complaint : ILogger
    {
        public List<string> Told { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;
            lock (Told)
                Told.Add($"{formatter(state, exception)} {exception}");
        }
    }

    private sealed class Anybody : IAuthorizer
    {
        public bool IsAllowed(in AccessAttributes attributes, out string reason)
        {
            reason = "";
            return true;
        }
    }

    private sealed class Tokens : ITokenSource
    {
        public string Issue(ApiClient kubelet, Document pod, string audience, long expirationSeconds) => $"token of {pod.Key} for '{audience}'";
    }

    private sealed class TestStrategy(GroupVersionKind kind) : KindStrategy
    {
        public override GroupVersionKind Kind => kind;

        public override bool CountsGenerations => kind.Kind == "Pod";

        public override IReadOnlyList<string> StatusFields => kind.Kind is "Pod" or "Node" ? ["status"] : [];
    }
}
