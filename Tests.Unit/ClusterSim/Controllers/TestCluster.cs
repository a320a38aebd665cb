using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Access;
using ClusterSim.Admission;
using ClusterSim.Client;
using ClusterSim.Controllers;
using ClusterSim.Controllers.Volumes;
using ClusterSim.Machinery;
using ClusterSim.Patching;
using ClusterSim.Registry;
using ClusterSim.Registry.Subresources;
using ClusterSim.Requests;
using ClusterSim.Scheduling;
using ClusterSim.Schema;
using ClusterSim.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Tests.Controllers;

/// <summary>A cluster of controllers and scheduler on a manual clock, with a fake kubelet, under the default roles.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);
    private static readonly TypeSchema Types = TypeSchema.Load();

    private readonly Quiescence _quiescence = new();
    private readonly Informers _informers;
    private readonly ControllerManager _controllers;
    private readonly Scheduler _scheduler;

    private TestCluster(int seed, int nodes, ControllerOptions? options, ILoggerFactory logs, TimeProvider? clock)
    {
        Clock = new ManualClock(Start);
        var time = clock ?? Clock;
        var catalog = new ResourceCatalog();
        Server = new ApiServer(
            new VersionedStore(), catalog, new KindStrategies().For, Roles, new FieldManager(Types, catalog), new Selectors(), time, new Randomness(seed));
        WorkloadSubresources.Register(Server);
        Server.Add(new NoContentInEndingNamespaces(Server));
        Admin = new ApiClient(Server, new UserInfo("admin", [UserInfo.Masters]), "test");
        _informers = new Informers(Server, _quiescence);
        _controllers = new ControllerManager(Server, _informers, _quiescence, logs, options ?? new ControllerOptions { RootCertificate = "PEM", NodeMonitorGracePeriod = TimeSpan.FromDays(1000) });
        _scheduler = new Scheduler(Context(new ApiClient(Server, UserInfo.Scheduler, "kube-scheduler"), time, logs));
        Kubelet = new FakeKubelet(Context(new ApiClient(Server, new UserInfo("kubelets", [UserInfo.Masters]), "kubelet"), time, logs));
        Clock.Attach(_quiescence);
        Admin.Create(Resource("storageclasses", "storage.k8s.io"), Object(
            ("apiVersion", "storage.k8s.io/v1"),
            ("kind", "StorageClass"),
            ("metadata", Object(("name", "standard"), ("annotations", Object(("storageclass.kubernetes.io/is-default-class", "true"))))),
            ("provisioner", VolumeProvisioner.Name),
            ("reclaimPolicy", "Delete"),
            ("allowVolumeExpansion", false),
            ("volumeBindingMode", "WaitForFirstConsumer")));
        CreateNamespace("default");
        for (var i = 1; i <= nodes; i++)
            CreateNode($"node-{i}");
    }

    public ManualClock Clock { get; }
    public DefaultRoles Roles { get; } = new();
    public ApiServer Server { get; }
    public ApiClient Admin { get; }
    public FakeKubelet Kubelet { get; }

    public static async Task<TestCluster> StartAsync(
        int seed = 1, int nodes = 3, ControllerOptions? options = null, Action<TestCluster>? prepare = null, TimeProvider? clock = null)
    {
        var cluster = new TestCluster(seed, nodes, options, NullLoggerFactory.Instance, clock);
        prepare?.Invoke(cluster);
        cluster._controllers.Start();
        cluster._scheduler.Start();
        cluster.Kubelet.Start();
        cluster._informers.Start();
        await cluster.Clock.SettleAsync();
        return cluster;
    }

    public bool IsIdle => _quiescence.IsIdle;

    /// <summary>Tells of every change, in order; only in <c>prepare</c>.</summary>
    public void Watch(string resource, string group, Action<StoreEvent> handler) => _informers.Handle(Resource(resource, group), handler);

    public ResourceType Resource(string name, string group = "") => Server.Catalog.Require(name, group);

    public Document Create(string json, string @namespace = "default")
    {
        var @object = (JsonObject)JsonNode.Parse(json)!;
        var (group, version) = GroupVersion.Parse(@object.Text("apiVersion")!);
        var resource = Server.Catalog.Find(new GroupVersionKind(group, version, @object.Text("kind")!))!;
        if (resource.Namespaced)
            @object.Ensure("metadata").Default("namespace", @namespace);
        return Admin.Create(resource, @object);
    }

    public Document CreateNamespace(string name)
    {
        var made = Create($$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{name}}" },"spec":{"finalizers":["kubernetes"]} }""");
        return made;
    }

    public Document CreateNode(string name, string cpu = "4", string memory = "16Gi", string labels = "", string taints = "[]", int pods = 110)
    {
        var all = $"\"kubernetes.io/hostname\":\"{name}\"{(labels.Length == 0 ? "" : "," + labels)}";
        Create($$"""{"apiVersion":"v1","kind":"Node","metadata":{"name":"{{name}}","labels":{ {{all}} } },"spec":{"taints":{{taints}} } }""");
        return Admin.Change(Resource("nodes"), new ObjectKey(null, name), node =>
        {
            node["status"] = JsonNode.Parse($$"""{"allocatable":{"cpu":"{{cpu}}","memory":"{{memory}}","pods":"{{pods}}"},"conditions":[{"type":"Ready","status":"True"}] }""");
            return true;
        }, "status")!;
    }

    public Document? Find(string resource, string name, string group = "", string? @namespace = "default")
    {
        var type = Resource(resource, group);
        return Server.Store.Find(type.GroupResource, new ObjectKey(type.Namespaced ? @namespace : null, name));
    }

    public List<Document> List(string resource, string group = "", string? @namespace = "default") =>
        [.. Server.Store.Current(Resource(resource, group).GroupResource).All(Resource(resource, group).Namespaced ? @namespace : null)];

    public List<Document> Pods(string? app = null) => [.. List("pods").Where(pod => app is null || pod.Labels.GetValueOrDefault("app") == app)];

    public void Patch(string resource, string group, string name, string patch) =>
        Admin.Patch(Resource(resource, group), new ObjectKey(Resource(resource, group).Namespaced ? "default" : null, name), PatchType.Merge, JsonNode.Parse(patch)!);

    public void Delete(string resource, string group, string name, string? policy = null) =>
        Admin.Delete(Resource(resource, group), new ObjectKey(Resource(resource, group).Namespaced ? "default" : null, name), new DeleteOptions { PropagationPolicy = policy });

    public Task SettleAsync() => Clock.SettleAsync();

    public Task AdvanceAsync(double seconds) => Clock.AdvanceAsync(TimeSpan.FromSeconds(seconds));

    /// <summary>What is told of an object: "Type Reason: message (component)".</summary>
    public List<string> Events(string kind, string name) => [.. List("events")
        .Where(one => one.Root.At("involvedObject", "kind").Text() == kind && one.Root.At("involvedObject", "name").Text() == name)
        .OrderBy(one => one.Revision)
        .Select(one => $"{one.Root.At("type").Text()} {one.Root.At("reason").Text()}: {one.Root.At("message").Text()} ({one.Root.At("reportingComponent").Text()})")];

    public static string Deployment(string name, int replicas, string strategy = "", string image = "box:1", string more = "")
    {
        if (strategy.Length == 0)
            strategy = """{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"25%","maxUnavailable":"25%"}}""";
        return $$"""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"{{name}}"},"spec":{"replicas":{{replicas}},"progressDeadlineSeconds":600,
             "selector":{"matchLabels":{"app":"{{name}}"} },"strategy":{{strategy}}{{more}},
             "template":{"metadata":{"labels":{"app":"{{name}}"} },"spec":{"containers":[{"name":"main","image":"{{image}}"}]} } } }
            """;
    }

    public static string StatefulSet(string deleted, string scaled) => $$"""
        {"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"db"},"spec":{"replicas":3,"serviceName":"db","podManagementPolicy":"OrderedReady",
         "selector":{"matchLabels":{"app":"db"} },"updateStrategy":{"type":"RollingUpdate","rollingUpdate":{"partition":0} },
         "persistentVolumeClaimRetentionPolicy":{"whenDeleted":"{{deleted}}","whenScaled":"{{scaled}}"},
         "template":{"metadata":{"labels":{"app":"db"} },"spec":{"containers":[{"name":"main","image":"box:1"}]} },
         "volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"1Gi"} } } }]} }
        """;

    public static string Image(string image) => $$"""{"spec":{"template":{"spec":{"containers":[{"name":"main","image":"{{image}}"} ] } } } }""";

    public async ValueTask DisposeAsync()
    {
        await _controllers.DisposeAsync();
        await _scheduler.DisposeAsync();
        await Kubelet.DisposeAsync();
        await _informers.DisposeAsync();
        if (TestContext.CurrentContext.Result.Outcome.Status != NUnit.Framework.Interfaces.TestStatus.Failed)
            Assert.That(Roles.Refused.Distinct(), Is.Empty, "what the default roles do not allow");
    }

    private ControllerContext Context(ApiClient client, TimeProvider clock, ILoggerFactory logs) => new(
        client, _informers, new EventRecorder(client, "kubelet", null, clock), clock, Server.Random, _quiescence, logs.CreateLogger("test"));

    /// <summary>What the NamespaceLifecycle plugin does: without it, controllers would fill a namespace that is being emptied.</summary>
    private sealed class NoContentInEndingNamespaces(ApiServer server) : IAdmission
    {
        public void Mutate(AdmissionRequest request)
        {
            if (request.Operation == "CREATE" && request.Target.Namespace is { } name
                && server.Store.Find(new("", "namespaces"), new ObjectKey(null, name)) is { IsDeleting: true })
                throw KubernetesApiException.Forbidden(
                    request.Target.Resource.GroupResource, "", $"unable to create new content in namespace {name} because it is being terminated");
        }

        public void Validate(AdmissionRequest request)
        {
        }
    }
}
