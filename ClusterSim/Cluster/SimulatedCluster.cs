using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Access.Certificates;
using ClusterSim.Access.Tokens;
using ClusterSim.Admission;
using ClusterSim.Client;
using ClusterSim.Controllers;
using ClusterSim.Controllers.Autoscaling;
using ClusterSim.Controllers.CustomResources;
using ClusterSim.Controllers.Ingresses;
using ClusterSim.Controllers.Services;
using ClusterSim.Faults;
using ClusterSim.Http;
using ClusterSim.Http.Discovery;
using ClusterSim.Metrics;
using ClusterSim.Network;
using ClusterSim.Network.Ingresses;
using ClusterSim.Network.Services;
using ClusterSim.Nodes;
using ClusterSim.Nodes.Files;
using ClusterSim.Nodes.Images;
using ClusterSim.Nodes.Simulated;
using ClusterSim.OpenApi;
using ClusterSim.Patching;
using ClusterSim.Registry;
using ClusterSim.Registry.Reviews;
using ClusterSim.Registry.Subresources;
using ClusterSim.Scheduling;
using ClusterSim.Schema;
using ClusterSim.Storage;
using ClusterSim.Streaming;
using ClusterSim.Streaming.Proxying;
using ClusterSim.Tables;
using Microsoft.Extensions.Logging;

namespace ClusterSim;

/// <summary>
/// Kubernetes in this process: takes the manifests of a real cluster, runs services in-process as pods, enforces readiness, NetworkPolicy,
/// RBAC and Pod Security, and answers kubectl. Any number of them can run side by side.
/// </summary>
/// <example>
/// <code>
/// await using var cluster = await SimulatedCluster.StartAsync();
/// cluster.Images.Add("shop-api:1.0.0", new ServiceImage(ShopApi.RunAsync, Dockerfile.Read(File.ReadAllText("Shop.Api/Dockerfile"))));
/// cluster.Apply("k8s/base");
/// await cluster.ReadyAsync(TimeSpan.FromSeconds(30));
/// </code>
/// </example>
public sealed partial class SimulatedCluster : IAsyncDisposable
{
    private const string ServiceAddress = "10.96.0.1";
    private static readonly IPAddress ControlPlane = IPAddress.Parse("172.18.0.1");
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly Stack<IAsyncDisposable> _parts = new();
    private readonly SimulatedClusterOptions _options;
    private readonly Informers _informers;
    private readonly ControllerManager _controllers;
    private readonly CustomResourceDefinitionController _definitions;
    private readonly Scheduler _scheduler;
    private readonly EventRecorder _network;
    private readonly IngressServer _ingress;
    private readonly IngressStatusController _ingressStatus;
    private readonly LocalPorts _localPorts;
    private readonly ServiceController _services;
    private readonly ClusterAccess _access;
    private readonly string _adminToken;
    private readonly NodeFaults _nodeFaults = new();
    private readonly TypeSchema _schema;
    private ApiHttpServer? _http;

    private SimulatedCluster(SimulatedClusterOptions options)
    {
        _options = options;
        Random = options.Seed is { } seed ? new Randomness(seed) : Randomness.Fresh();
        var store = new VersionedStore();
        Priority.Install(store, options.Clock, Random);
        var catalog = new ResourceCatalog();
        var schema = TypeSchema.Load();
        _schema = schema;
        _access = new ClusterAccess(store, options.Clock, Random, TimeProvider.System);
        Server = new ApiServer(
            store, catalog, new KindStrategies().For, _access.Authorizer, new FieldManager(schema, catalog), new Selectors(), options.Clock, Random);
        Decoder = new RequestDecoder(schema, catalog);
        if (options.MetricsServer)
            MetricsApi.Install(Server, Metrics);
        Server.Add(new UsageAdmission());
        AccessResources.Register(Server, _access);
        WorkloadSubresources.Register(Server);
        foreach (var plugin in AdmissionPlugins.All(store, _access, Random))
            Server.Add(plugin);
        Server.Add(new CustomResourceDefinitionTerminating());
        Server.Add(new ServiceAllocation(store, options.Network.ServiceRange, Random));

        Quiescence = new Quiescence();
        (options.Clock as ManualClock)?.Attach(Quiescence);
        _informers = new Informers(Server, Quiescence);
        Wire = new Wire(new WireContext(store, options.Network, options.Clock, Random, Quiescence, Log("Network"))) { Slipped = TellOfSlip };
        _network = new EventRecorder(new ApiClient(Server, UserInfo.ApiServer, "cluster-sim"), "cluster-sim", null, options.Clock);
        Nodes = new Kubelets(new NodeEnvironment
        {
            Server = Server,
            Informers = _informers,
            Networks = Wire,
            Images = Images,
            Clock = options.Clock,
            Random = Random,
            Quiescence = Quiescence,
            Log = Log("Nodes"),
            PersistentVolumes = options.PersistentVolumes,
            Limits = options.ProgramLimits,
            Faults = _nodeFaults,
        });
        Faults = new ClusterFaults(new FaultTargets(Admin!, Wire, Nodes, Images, _nodeFaults, options.Clock));
        _controllers = new ControllerManager(
            Server, _informers, Quiescence, options.Logging, new ControllerOptions
            {
                RootCertificate = _access.Certificates.AuthorityPem,
                PodMetrics = options.MetricsServer ? Metrics : new NoPodMetrics(),
                SecretTokens = _access.SecretTokens,
                SignRequest = _access.Certificates.IssueRequested,
                KeepEndpoints = options.KeepEndpoints,
            });
        _definitions = new CustomResourceDefinitionController(
            ContextOf(new ApiClient(Server, UserInfo.ApiServer, "kube-apiserver"), "kube-apiserver", "Extensions"), schema, UserInfo.ApiServer);
        var scheduling = new ApiClient(Server, UserInfo.Scheduler, "kube-scheduler");
        _scheduler = new Scheduler(ContextOf(scheduling, "default-scheduler", "Scheduling"));
        var ingress = new ApiClient(Server, UserInfo.ApiServer, "nginx-ingress-controller");
        _ingress = new IngressServer(Wire, options.Nodes.Count > 0 ? options.Nodes[0].Name : "outside", options.Ingress, Log("Ingress"));
        _ingressStatus = new IngressStatusController(ContextOf(ingress, "nginx-ingress-controller", "Ingress"), new LocalIngressServer(_ingress));
        _localPorts = new LocalPorts(Wire);
        _services = new ServiceController(ContextOf(ingress, "service-lb-controller", "Network"), new LocalLoadBalancer(_localPorts));
        _adminToken = _access.StaticTokens.Issue(new UserInfo("kubernetes-admin", [UserInfo.Masters, UserInfo.Authenticated]));
    }

    /// <summary>The seed of the cluster's random numbers. A cluster with the same seed has the same names.</summary>
    public int Seed => Random.Seed;

    /// <summary>The images that the nodes can run.</summary>
    public ImageStore Images { get; } = new();

    /// <summary>The CPU and memory that pods and nodes are said to use: the simulator cannot measure it.</summary>
    public ClusterMetrics Metrics { get; } = new();

    /// <summary>Injects faults.</summary>
    public ClusterFaults Faults { get; }

    /// <summary>The address at which pods reach the API server: that of a node of its own, as of a kind control plane.</summary>
    public static IPEndPoint ApiServerAddress => new(ControlPlane, 6443);

    /// <summary>The URL of the Kubernetes API on this machine (HTTPS).</summary>
    public Uri ApiServer => _http?.Url ?? throw new InvalidOperationException("the cluster has not started");

    /// <summary>The URL of the cluster's Ingresses on this machine (HTTP).</summary>
    public Uri Ingress => new UriBuilder("http", "localhost", _ingress.HttpPort).Uri;

    internal ApiServer Server { get; }

    internal RequestDecoder Decoder { get; }

    internal Wire Wire { get; }

    internal Kubelets Nodes { get; }

    internal Quiescence Quiescence { get; }

    internal ClusterAccess Identity => _access;

    internal Randomness Random { get; }

    internal ApiClient Admin => field ??= new ApiClient(Server, new UserInfo("kubernetes-admin", [UserInfo.Masters, UserInfo.Authenticated]), "cluster-sim");

    /// <summary>Starts a cluster: its API answers, its nodes are registered, and namespace default takes pods when this returns.</summary>
    /// <exception cref="IOException">A port that was asked for is taken.</exception>
    public static async Task<SimulatedCluster> StartAsync(SimulatedClusterOptions? options = null, CancellationToken cancellation = default)
    {
        var cluster = new SimulatedCluster(options ?? new SimulatedClusterOptions());
        try
        {
            await cluster.StartPartsAsync(cancellation);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        while (_parts.TryPop(out var part))
            await part.DisposeAsync();
        _access.Dispose();
    }

    /// <summary>
    /// Starts everything: 1. beside the rest, what listens (keys, certificates and two web servers take as long as all the others); 2. what is in
    /// every cluster; 3. nodes, controllers, scheduler; 4. what needs a port; 5. now requests are answered: those that came before have waited.
    /// </summary>
    private async Task StartPartsAsync(CancellationToken cancellation)
    {
        var ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _parts.Push(Wire);
        _parts.Push(_ingress);
        var tidying = Task.Run(RemoveLeftovers, CancellationToken.None);
        var listening = Task.Run(() => ListenAsync(ready.Task, cancellation), CancellationToken.None);
        try
        {
            SimulatedImages.AddTo(Images);
            Images.Unknown = _options.UnknownImages;
            ClusterBootstrap.Create(Server, ApiServerAddress.Address, ApiServerAddress.Port, ServiceAddress, _options.Network.ServiceRange, _options.Ingress);
            DnsService.Ensure(new ApiClient(Server, UserInfo.ApiServer, "kubeadm"), _options.Network);
            if (_options.MetricsServer)
                MetricsApi.Register(Server);
            Server.Store.Compact();
            foreach (var node in _options.Nodes)
                Nodes.Add(node);
            _parts.Push(_informers);
            _informers.Start();
            _parts.Push(_definitions);
            _definitions.Start();
            _parts.Push(_controllers);
            _controllers.Start();
            _parts.Push(_scheduler);
            _scheduler.Start();
            _parts.Push(Nodes);
            Nodes.Start();
        }
        finally
        {
            // Whatever became of the rest: what listens is to be ended with it.
            _parts.Push(_http = await listening);
        }
        _parts.Push(_ingressStatus);
        _ingressStatus.Start();
        _parts.Push(_localPorts);
        _parts.Push(_services);
        _services.Start();
        _parts.Push(await ApiServerPort.ListenAsync(Wire, ApiServerAddress.Address, ApiServerAddress.Port, new IPEndPoint(IPAddress.Loopback, ApiServer.Port)));
        await tidying;
        ready.SetResult();

        // Whoever has started a cluster may apply a pod at once: without its namespace's service account it would be refused.
        await UntilAsync(() => Find("serviceaccounts", "default", "default") is not null, StartLimit, cancellation);
    }

    private static void RemoveLeftovers()
    {
        foreach (var root in (HashSet<string>)[Path.GetTempPath(), SocketBridge.Root()])
            TemporaryFolder.RemoveLeftovers(root);
    }

    private async Task<ApiHttpServer> ListenAsync(Task ready, CancellationToken cancellation)
    {
        var handler = new ApiHandler(Server, _access.Authenticator(), Decoder, new TableWriter(_options.Clock), Log("Api"))
        {
            Ready = ready,
            Browsers = ApiHandler.BrowsersOf(_options.Browsers),
        };
        handler.Add(new IssuerPaths(_access.Discovery));
        handler.Add(new IdentityPaths(_access));
        handler.Add(new ImagePaths(Images));
        handler.Add(new DiscoveryPaths(Server.Catalog));
        handler.Add(new ServerPaths(Server.Catalog));
        handler.Add(new OpenApiPaths(new OpenApiDocuments(Server.Catalog, _schema)));
        handler.Add(new("", "pods"), "log", new PodLog(Server, Nodes));
        handler.Add(new("", "pods"), "exec", new PodCommand(Server, Nodes, attaches: false));
        handler.Add(new("", "pods"), "attach", new PodCommand(Server, Nodes, attaches: true));
        handler.Add(new("", "pods"), "portforward", new PodPortForward(Server, Nodes));
        handler.Add(new("", "pods"), "proxy", new PodProxy(Server, Nodes));
        handler.Add(new("", "services"), "proxy", new ServiceProxying(Server, Wire.DialFromNodeAsync));
        handler.Add(new("", "nodes"), "proxy", new NodeProxy(Server, Nodes));
        var api = await ApiHttpServer.StartAsync(handler, _access.Certificates.Serve(), _options.ApiPort, cancellation);
        try
        {
            await _ingress.ListenAsync();
            return api;
        }
        catch
        {
            await api.DisposeAsync();
            throw;
        }
    }

    // Rule 5 of docs/design.md: code that slips past the wire is told on.
    private void TellOfSlip(PodContext pod, string destination)
    {
        if (Server.Store.Find(new("", "pods"), new(pod.Namespace, pod.Pod)) is { } document)
            _network.Warning(document, "ConnectionPastTheNetwork", $"the pod's process connected to {destination} with the machine's sockets, past the simulated network and its policies");
    }

    private ControllerContext ContextOf(ApiClient client, string component, string room) => new(
        client, _informers, new EventRecorder(client, component, null, _options.Clock), _options.Clock, Random, Quiescence, Log(room));

    private ILogger Log(string room) => _options.Logging.CreateLogger("ClusterSim." + room);
}
