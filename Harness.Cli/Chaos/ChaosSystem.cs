using System.Text.Json;
using ClusterSim;
using ClusterSim.Access;
using ClusterSim.Faults.Schedules;
using ClusterSim.Json;
using ClusterSim.Manifests;
using ClusterSim.Network;
using ClusterSim.Postgres;
using Harness.Kube;

namespace Harness.Chaos;

/// <summary>
/// The system of harness.yaml on a simulated cluster, used by one run after another: each gets fresh databases, cloned from those that the
/// services migrated at the start. The manifests and the images are those of <c>harness up</c>; the scenario may shorten waits.
/// </summary>
public sealed class ChaosSystem : IChaosSystem, IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);

    private readonly IChaosScenario _scenario;
    private readonly ChaosDatabases? _databases;
    private readonly PodRequests _requests;
    private readonly KubeClient _kube;
    private long _runs;

    private ChaosSystem(SimulatedCluster cluster, IChaosScenario scenario, ChaosDatabases? databases)
    {
        (Cluster, _scenario, _databases) = (cluster, scenario, databases);
        _requests = new PodRequests(cluster);
        _kube = new KubeClient(KubeconfigOf(cluster));
        Servers = databases is null ? [] : [new StoppablePostgres(databases.Server)];
    }

    /// <inheritdoc/>
    public SimulatedCluster Cluster { get; }

    /// <summary>The PostgreSQL server, which no other system uses; null where harness.yaml names none.</summary>
    public PostgresServer? Server => _databases?.Server;

    /// <summary>The servers that faults can stop.</summary>
    internal IReadOnlyList<IStoppableServer> Servers { get; }

    /// <summary>The server's names of the databases that pods own, by the names that the pods use.</summary>
    public IReadOnlyDictionary<string, string> DatabaseNames => _databases?.Names ?? new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Starts a cluster and a server, and deploys everything.</summary>
    public static async Task<ChaosSystem> StartAsync(ChaosOptions options, CancellationToken cancellation)
    {
        var starting = options.PostgresImage is null ? Task.FromResult<ChaosDatabases?>(null) : ChaosDatabases.StartAsync(options.Scenario, options.IsDurable, cancellation);
        SimulatedCluster? cluster = null;
        try
        {
            cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Network = new NetworkOptions { Denied = DeniedTraffic.Reject } }, cancellation);
            options.Images(cluster.Images);
            if (await starting is { } databases)
                cluster.Images.Add(options.PostgresImage!, new PostgresImage(databases.Server, databases.Switch));
            foreach (var manifest in Kustomization.Build(options.Kustomization))
            {
                if (options.IsHastened)
                    options.Scenario.Configure(manifest);
                cluster.Apply(manifest);
            }
            await cluster.ReadyAsync(ReadyLimit, cancellation: cancellation);
            return new ChaosSystem(cluster, options.Scenario, await starting);
        }
        catch
        {
            if (cluster is not null)
                await cluster.DisposeAsync();
            await starting.ContinueWith(
                async started => { if (started.IsCompletedSuccessfully && await started is { } databases) await databases.DisposeAsync(); },
                CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Unwrap();
            throw;
        }
    }

    /// <summary>Gives the system fresh databases and waits until every pod answers.</summary>
    /// <returns>The number of the run, which no other run of this system has.</returns>
    public async Task<long> RenewAsync(CancellationToken cancellation)
    {
        var run = ++_runs;
        if (_databases is not null)
            await _databases.RenewAsync(run, cancellation);
        await ReplaceRestartedAsync(cancellation);
        await WholeAsync(cancellation);
        _databases?.DropOld();
        return run;
    }

    /// <summary>Keeps the databases of the run when the next begins.</summary>
    /// <returns>Their connection strings.</returns>
    public IReadOnlyList<string> KeepDatabases() => _databases?.Keep() ?? [];

    /// <summary>Waits until every workload has its replicas and each pod with an HTTP port answers that it is ready.</summary>
    /// <exception cref="TimeoutException">They were not ready in time.</exception>
    public async Task WholeAsync(CancellationToken cancellation)
    {
        var workloads = _scenario.Workloads.Where(workload => workload.HttpPort is not null).ToList();
        var replicas = workloads.Sum(workload => workload.Replicas);
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            await Cluster.ReadyAsync(ReadyLimit, cancellation: cancellation);
            var ready = await Task.WhenAll(workloads.SelectMany(workload => Pods(workload).Select(pod => _requests.IsReadyAsync(workload, pod, cancellation))));
            if (ready.Length == replicas && ready.All(answer => answer))
                return;
            if (TimeProvider.System.GetElapsedTime(began) > ReadyLimit)
                throw new TimeoutException($"of {ready.Length} replicas {ready.Count(answer => answer)} answer that they are ready after {ReadyLimit.TotalSeconds:0} s; should be {replicas}");
            await Task.Delay(Poll, TimeProvider.System, cancellation);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Pods(ChaosWorkload workload) =>
        [.. Cluster.List("pods", workload.Namespace, $"app.kubernetes.io/name={workload.Name}")
            .Where(pod => pod.At("metadata", "deletionTimestamp").ValueKind == JsonValueKind.Undefined)
            .Select(pod => pod.At("metadata", "name").Text("")).Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public Task<(int Status, string Body)> RequestAsync(
        ChaosWorkload workload, string pod, HttpMethod method, string path, string? token = null, string? json = null, CancellationToken cancellation = default) =>
        _requests.SendAsync(workload, pod, method, path, token, json, cancellation);

    /// <inheritdoc/>
    public Task<string> TokenAsync(string @namespace, string account, string audience, CancellationToken cancellation = default) =>
        _kube.TokenAsync(@namespace, account, audience, cancellation);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _kube.Dispose();
        await Cluster.DisposeAsync();
        if (_databases is not null)
            await _databases.DisposeAsync();
    }

    private static KubeconfigEntry KubeconfigOf(SimulatedCluster cluster)
    {
        var folder = Directory.CreateTempSubdirectory("harness-chaos-");
        try
        {
            var file = Path.Combine(folder.FullName, "kubeconfig");
            cluster.WriteKubeconfig(file);
            return KubeconfigFile.Read(file);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // A pod that is killed again would wait out Kubernetes' back-off of ten seconds and more: another takes its place before the next run.
    private async Task ReplaceRestartedAsync(CancellationToken cancellation)
    {
        var gone = new HashSet<string>(StringComparer.Ordinal);
        foreach (var @namespace in _scenario.Workloads.Select(workload => workload.Namespace).Distinct(StringComparer.Ordinal))
            foreach (var pod in Cluster.List("pods", @namespace))
                if (pod.At("status", "containerStatuses").Items().Any(container => container.At("restartCount").Integer(0) > 0))
                {
                    gone.Add(pod.At("metadata", "uid").Text(""));
                    Cluster.Delete("pods", @namespace, pod.At("metadata", "name").Text(""), gracePeriodSeconds: 0);
                }
        if (gone.Count > 0)
            await Cluster.UntilAsync(() => !Cluster.List("pods").Any(pod => gone.Contains(pod.At("metadata", "uid").Text(""))), ReadyLimit, cancellation);
    }
}
