using ClusterSim.Access;
using ClusterSim.Client;
using ClusterSim.Controllers.Access;
using ClusterSim.Controllers.Autoscaling;
using ClusterSim.Controllers.Certificates;
using ClusterSim.Controllers.DaemonSets;
using ClusterSim.Controllers.Deployments;
using ClusterSim.Controllers.Disruption;
using ClusterSim.Controllers.Endpoints;
using ClusterSim.Controllers.GarbageCollection;
using ClusterSim.Controllers.Jobs;
using ClusterSim.Controllers.Namespaces;
using ClusterSim.Controllers.Nodes;
using ClusterSim.Controllers.Quota;
using ClusterSim.Controllers.ReplicaSets;
using ClusterSim.Controllers.ServiceAccounts;
using ClusterSim.Controllers.StatefulSets;
using ClusterSim.Controllers.Volumes;
using ClusterSim.Registry;
using Microsoft.Extensions.Logging;

namespace ClusterSim.Controllers;

/// <summary>kube-controller-manager: every controller, each under the service account that the default roles name.</summary>
internal sealed class ControllerManager : IAsyncDisposable
{
    private const string FieldManager = "kube-controller-manager";

    private readonly ApiServer _server;
    private readonly Informers _informers;
    private readonly Quiescence _quiescence;
    private readonly ILoggerFactory _logs;
    private readonly List<Controller> _controllers = [];
    private readonly GarbageCollector _garbage;

    /// <summary>Makes the controllers and registers their handlers; start the informers after this, then <see cref="Start"/>.</summary>
    public ControllerManager(ApiServer server, Informers informers, Quiescence quiescence, ILoggerFactory logs, ControllerOptions options)
    {
        (_server, _informers, _quiescence, _logs) = (server, informers, quiescence, logs);
        Add(new NamespaceController(For("namespace-controller"), UserInfo.Controller("namespace-controller")));
        Add(new ServiceAccountController(For("service-account-controller")));
        if (options.RootCertificate is { } certificate)
            Add(new RootCACertPublisher(For("root-ca-cert-publisher"), certificate));
        if (options.SecretTokens is { } tokens)
            Add(new TokensController(For(UserInfo.ControllerManager, "tokens-controller"), tokens, options.RootCertificate));
        if (options.SignRequest is { } sign)
            Add(new CertificateSigningController(For("certificate-controller"), sign));
        Add(new DeploymentController(For("deployment-controller")));
        Add(new ReplicaSetController(For("replicaset-controller")));
        Add(new ReplicationController(For("replication-controller")));
        Add(new StatefulSetController(For("statefulset-controller")));
        Add(new DaemonSetController(For("daemon-set-controller", "daemonset-controller")));
        Add(new JobController(For("job-controller")));
        Add(new TtlAfterFinishedController(For("ttl-after-finished-controller")));
        Add(new CronJobController(For("cronjob-controller")));
        Add(new HorizontalPodAutoscalerController(For("horizontal-pod-autoscaler"), options.PodMetrics));
        Add(new NodeLifecycleController(For("node-controller"), options.NodeMonitorGracePeriod));
        Add(new TaintEvictionController(For("node-controller", "taint-eviction-controller")));
        Add(new PodGCController(For("pod-garbage-collector")));
        Add(new EndpointSliceController(For("endpointslice-controller", "endpoint-slice-controller")));
        Add(new EndpointSliceMirroringController(For("endpointslicemirroring-controller", "endpoint-slice-mirroring-controller")));
        if (options.KeepEndpoints)
            Add(new EndpointsController(For("endpoint-controller")));
        Add(new DisruptionController(For("disruption-controller", "controllermanager")));
        var volumes = For("persistent-volume-binder", "persistentvolume-controller");
        Add(new PersistentVolumeController(volumes, new VolumeProvisioner(volumes)));
        Add(new PersistentVolumeReclaimer(volumes));
        Add(new PVCProtectionController(For("pvc-protection-controller")));
        Add(new PVProtectionController(For("pv-protection-controller")));
        Add(new ClusterRoleAggregationController(For(ClusterRoleAggregationController.Account)));
        Add(new ResourceQuotaController(For(ResourceQuotaController.Account)));
        _garbage = new GarbageCollector(For("generic-garbage-collector", "garbage-collector-controller"));
    }

    /// <summary>Starts all.</summary>
    public void Start()
    {
        foreach (var controller in _controllers)
            controller.Start();
        _garbage.Start();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var controller in _controllers)
            await controller.DisposeAsync();
        await _garbage.DisposeAsync();
    }

    private void Add(Controller controller) => _controllers.Add(controller);

    private ControllerContext For(string account, string? component = null) => For(UserInfo.Controller(account), component ?? account);

    private ControllerContext For(UserInfo identity, string component)
    {
        var client = new ApiClient(_server, identity, FieldManager);
        var events = new EventRecorder(client, component, null, _server.Clock);
        return new ControllerContext(client, _informers, events, _server.Clock, _server.Random, _quiescence, _logs.CreateLogger("ClusterSim.Controllers." + component));
    }
}
