using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Client;
using ClusterSim.Machinery;
using ClusterSim.Manifests;
using ClusterSim.Network;
using ClusterSim.Nodes;
using ClusterSim.Nodes.Images;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;
using Harness.Images;
using Harness.Postgres;
using InvoiceApp;
using Npgsql;
using PaymentProvider;

namespace Harness.Chaos;

/// <summary>
/// The paying system on a simulated cluster, used by one run after another: each gets fresh databases, cloned from those that the services
/// migrated at the start. The cluster, the manifests and the services are those of <c>harness up</c>; only waits are shorter.
/// </summary>
public sealed partial class ChaosSystem : IAsyncDisposable
{
    /// <summary>Where invoice-app runs.</summary>
    internal const string Invoices = "invoices";

    /// <summary>Where payment-provider runs.</summary>
    internal const string Payments = "payments";

    internal const string InvoiceApp = "invoice-app";
    internal const string Provider = "payment-provider";
    internal const int InvoiceAppPort = 8081;
    internal const int ProviderPort = 8082;

    // How far apart the numbers of two runs' invoices are: an answer that comes too late for its run must not meet another run's invoice.
    private const long NumbersOfRun = 1_000_000;
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(5);

    /// <summary>Waits as short as runs need them: a lease is over, a lost attempt noticed, a call done within a second or two.</summary>
    private static readonly Dictionary<string, (string Name, string Value)[]> Settings = new(StringComparer.Ordinal)
    {
        [InvoiceApp] =
        [
            ("PAY_LEASE_SECONDS", "0.4"), ("PAY_WAIT_SECONDS", "1.5"), ("PAY_LIMIT_SECONDS", "2"), ("PAY_BATCH", "8"), ("PAYMENT_PARALLELISM", "8"),
            ("PAYMENT_CONNECT_TIMEOUT_SECONDS", "0.2"), ("PAYMENT_ATTEMPT_TIMEOUT_SECONDS", "0.25"), ("PAYMENT_TIMEOUT_SECONDS", "0.8"),
            ("PAYMENT_RETRIES", "3"), ("PAYMENT_RETRY_DELAY_SECONDS", "0.01"), ("PAYMENT_CIRCUIT_BREAK_SECONDS", "0.5"),
            ("DATABASE_CONNECT_TIMEOUT_SECONDS", "1"), ("DATABASE_COMMAND_TIMEOUT_SECONDS", "1"), ("LOG_LEVEL", "Error"),
        ],
        [Provider] =
        [
            ("LEDGER_TIMEOUT_SECONDS", "1"), ("DATABASE_CONNECT_TIMEOUT_SECONDS", "1"), ("DATABASE_COMMAND_TIMEOUT_SECONDS", "1"), ("LOG_LEVEL", "Error"),
        ],
    };

    private readonly PostgresSwitch _databases;
    private readonly List<string> _old = [];
    private IReadOnlyList<string> _current = [];
    private long _runs;
    private Task _dropping = Task.CompletedTask;

    private ChaosSystem(SimulatedCluster cluster, PostgresServer server, PostgresSwitch databases) => (Cluster, Server, _databases) = (cluster, server, databases);

    /// <summary>The cluster.</summary>
    public SimulatedCluster Cluster { get; }

    /// <summary>Its PostgreSQL server, nobody else's.</summary>
    public PostgresServer Server { get; }

    /// <summary>The server's names of the databases that pods have of their own, by what the pods call them.</summary>
    internal IReadOnlyDictionary<string, string> DatabaseNames => _databases.Known.ToDictionary(known => known.Key, known => known.Value.Name, StringComparer.Ordinal);

    /// <summary>Starts a cluster and a server, and deploys everything.</summary>
    public static async Task<ChaosSystem> StartAsync(ChaosOptions options, CancellationToken cancellation)
    {
        // Nothing outlives the machine, but what is committed has to outlive the server, which schedules kill.
        var starting = PostgresServer.StartAsync(
            new PostgresOptions { Durable = options.IsDurable, Settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["synchronous_commit"] = "on" } }, cancellation);
        SimulatedCluster? cluster = null;
        try
        {
            cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Network = new NetworkOptions { Denied = DeniedTraffic.Reject } }, cancellation);
            var databases = new PostgresSwitch();
            cluster.Images.Add("postgres:18.1-alpine", new PostgresImage(await starting, databases));
            cluster.Images.Add("invoice-app:1.0.0", new ServiceImage(InvoiceAppService.RunAsync, DockerfileOf("InvoiceApp")));
            cluster.Images.Add("payment-provider:1.0.0", new ServiceImage(PaymentProviderService.RunAsync, DockerfileOf("PaymentProvider")));
            options.Images?.Invoke(cluster.Images);
            foreach (var manifest in Kustomization.Build(Path.Combine(options.Root, "k8s", "overlays", "sim")))
                cluster.Apply(options.IsHastened ? Hastened(manifest) : manifest);
            await cluster.ReadyAsync(ReadyLimit, cancellation: cancellation);
            return new ChaosSystem(cluster, await starting, databases);
        }
        catch
        {
            if (cluster is not null)
                await cluster.DisposeAsync();
            await starting.ContinueWith(
                async started => { if (started.IsCompletedSuccessfully) await (await started).DisposeAsync(); },
                CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Unwrap();
            throw;
        }

        ImageConfiguration DockerfileOf(string project) => Dockerfile.Read(File.ReadAllText(Path.Combine(options.Root, project, "Dockerfile")));
    }

    /// <summary>Gives the system fresh databases and waits until every pod answers.</summary>
    /// <returns>The run's number, which no other run of this system has.</returns>
    public async Task<long> RenewAsync(CancellationToken cancellation)
    {
        await _dropping;
        var run = ++_runs;
        var names = new List<string>();
        if (run == 1)
        {
            // Nobody may be connected to a database that is to be cloned.
            foreach (var name in _databases.Known.Keys)
                _databases.Lead(name, "none_yet");
            _databases.Cut();
        }
        foreach (var (name, own) in _databases.Known)
        {
            var clone = $"run_{run}_{name}";
            await Server.CreateDatabaseAsync(clone, own.Owner, own.Name, cancellation);
            names.Add(clone);
            if (name == Invoices)
                await ExecuteAsync(clone, $"ALTER TABLE IF EXISTS invoices ALTER COLUMN number RESTART WITH {run * NumbersOfRun}", cancellation);
        }
        foreach (var name in _databases.Known.Keys)
            _databases.Lead(name, $"run_{run}_{name}");
        _databases.Cut();
        _old.AddRange(_current);
        _current = names;
        await ReplaceRestartedAsync(cancellation);
        await WholeAsync(cancellation);
        var old = _old.ToList();
        _old.Clear();
        _dropping = DropAsync(old);
        return run;
    }

    /// <summary>The databases of the run stay when the next begins.</summary>
    /// <returns>How to connect to them.</returns>
    public IReadOnlyList<string> KeepDatabases()
    {
        var kept = _current.Select(name => Server.ConnectionString(name)).ToList();
        _current = [];
        return kept;
    }

    /// <summary>Waits until every workload has its replicas and each of them answers that it is ready.</summary>
    /// <exception cref="TimeoutException">They did not.</exception>
    public async Task WholeAsync(CancellationToken cancellation)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            await Cluster.ReadyAsync(ReadyLimit, cancellation: cancellation);
            var pods = Pods(Invoices, InvoiceApp).Select(pod => (Invoices, pod, InvoiceAppPort)).Concat(Pods(Payments, Provider).Select(pod => (Payments, pod, ProviderPort)));
            var ready = await Task.WhenAll(pods.Select(pod => IsReadyAsync(pod.Item1, pod.pod, pod.Item3, cancellation)));
            if (ready.Length == 6 && ready.All(answer => answer))
                return;
            if (TimeProvider.System.GetElapsedTime(began) > ReadyLimit)
                throw new TimeoutException($"of {ready.Length} replicas {ready.Count(answer => answer)} answer that they are ready after {ReadyLimit.TotalSeconds:0} s");
            await Task.Delay(Poll, TimeProvider.System, cancellation);
        }
    }

    /// <summary>A service's pods by name, in order.</summary>
    public IReadOnlyList<string> Pods(string @namespace, string name) =>
        [.. Cluster.List("pods", @namespace, $"app.kubernetes.io/name={name}").Where(pod => pod.At("metadata", "deletionTimestamp").ValueKind == JsonValueKind.Undefined)
            .Select(pod => pod.At("metadata", "name").Text("")).Order(StringComparer.Ordinal)];

    /// <summary>The token that payment-provider takes from invoice-app; null where the manifests give it none.</summary>
    public string? CallerToken()
    {
        var pod = Cluster.Admin.List(Cluster.Server.Catalog.Require("pods"), Invoices).FirstOrDefault(pod => pod.Labels.GetValueOrDefault("app.kubernetes.io/name") == InvoiceApp);
        var audience = pod?.Spec.At("volumes").Items().SelectMany(volume => volume.At("projected", "sources").Items())
            .Select(source => source.At("serviceAccountToken", "audience").Text("")).FirstOrDefault(found => found.Length > 0);
        return audience is null ? null : new TokenRequests().Issue(Cluster.Admin, pod!, audience, 3600);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        await _dropping;
        await Server.DisposeAsync();
        _databases.Dispose();
    }

    private static Manifest Hastened(Manifest manifest)
    {
        if (manifest.Kind == "ConfigMap" && Settings.TryGetValue(manifest.Name, out var settings) && manifest.Object["data"] is JsonObject data)
            foreach (var (name, value) in settings)
                data[name] = value;
        return manifest;
    }

    // A pod that is killed again would wait out Kubernetes' back-off of ten seconds and more: another takes its place before the next run.
    private async Task ReplaceRestartedAsync(CancellationToken cancellation)
    {
        var gone = new HashSet<string>(StringComparer.Ordinal);
        foreach (var @namespace in (string[])[Invoices, Payments])
            foreach (var pod in Cluster.List("pods", @namespace))
                if (pod.At("status", "containerStatuses").Items().Any(container => container.At("restartCount").Integer(0) > 0))
                {
                    gone.Add(pod.At("metadata", "uid").Text(""));
                    Cluster.Delete("pods", @namespace, pod.At("metadata", "name").Text(""), gracePeriodSeconds: 0);
                }
        if (gone.Count > 0)
            await Cluster.UntilAsync(() => !Cluster.List("pods").Any(pod => gone.Contains(pod.At("metadata", "uid").Text(""))), ReadyLimit, cancellation);
    }

    private async Task<bool> IsReadyAsync(string @namespace, string pod, int port, CancellationToken cancellation)
    {
        try
        {
            using var client = Cluster.CreatePodClient(@namespace, pod, port);
            using var answer = await client.GetAsync(new Uri("/readiness", UriKind.Relative), cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception away) when (away is HttpRequestException or IOException or ArgumentException)
        {
            return false;
        }
    }

    private async Task ExecuteAsync(string database, string sql, CancellationToken cancellation)
    {
        // Not a connection by its string: Npgsql remembers every such string for good, and each run's is a new one.
        await using var source = NpgsqlDataSource.Create(Server.ConnectionString(database) + ";Pooling=false");
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellation);
    }

    private async Task DropAsync(IReadOnlyList<string> databases)
    {
        try
        {
            foreach (var database in databases)
                await Server.DropDatabaseAsync(database);
        }
        catch (NpgsqlException)
        {
            // The server is going down, and its data with it.
        }
    }
}
