using System.Diagnostics;
using System.Globalization;
using ClusterSim;
using ClusterSim.Network;
using ClusterSim.Network.Ingresses;
using ClusterSim.Nodes.Images;
using ClusterSim.Postgres;
using Harness.Commands;
using Harness.Configuration;
using Microsoft.Extensions.Logging;
using Processes;

namespace Harness.Running;

/// <summary>
/// Hosts the cluster of a checkout: PostgreSQL, the simulated cluster with this checkout's images, and the files by which other processes
/// find it. Disposal ends all of it and removes the files; data is left where it is.
/// </summary>
internal sealed class ClusterHost : IAsyncDisposable
{
    private readonly HarnessFolder _folder;
    private readonly PostgresServer? _postgres;
    private readonly SimulatedCluster _cluster;
    private readonly Action<string> _tell;

    private ClusterHost(HarnessFolder folder, PostgresServer? postgres, SimulatedCluster cluster, Action<string> tell)
    {
        _tell = tell;
        _folder = folder;
        _postgres = postgres;
        _cluster = cluster;
    }

    /// <summary>Starts PostgreSQL and the cluster at the same time; tells how long each took.</summary>
    /// <exception cref="CommandException">A port asked for is taken, or another cluster of this checkout is running.</exception>
    public static async Task<ClusterHost> StartAsync(
        HarnessFolder folder, HarnessYaml harness, UpCommand.Ports ports, ServiceProcess process, Action<string> tell, CancellationToken cancellation)
    {
        if (folder.FindRunning() is { } running)
            throw new CommandException(string.Create(CultureInfo.InvariantCulture, $"a cluster is running already (process {running.ProcessId}); end it with: ./harness down"));
        folder.Create();
        folder.Merged.TakeOut(tell); // a cluster that was killed could not
        folder.Forget();
        var times = new Dictionary<string, double>(StringComparer.Ordinal) { ["process"] = SinceProcessStart() };
        var began = Stopwatch.GetTimestamp();

        var starting = harness.Databases.Postgres is null ? Task.FromResult<PostgresServer?>(null) : StartPostgresAsync(folder, cancellation);
        SimulatedCluster? cluster = null;
        try
        {
            cluster = await StartClusterAsync(folder, harness, ports, tell, cancellation);
            times["cluster"] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            tell(Line($"the cluster answers at {cluster.ApiServer} ({Seconds(began)})"));
            PublishedImages.Find(folder, harness).AddTo(cluster.Images);
            // An image that is built while the cluster runs is found when a pod needs it.
            cluster.Images.Registry = reference => PublishedImages.Find(folder, harness).Find(reference);
            var postgres = await starting;
            if (postgres is not null)
            {
                cluster.Images.Add(harness.Databases.Postgres!, new PostgresImage(postgres));
                times["postgresql"] = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
                tell(Line($"PostgreSQL {postgres.Version} is ready ({Seconds(began)})"));
            }

            var host = new ClusterHost(folder, postgres, cluster, tell);
            WriteFiles(folder, harness, cluster, times);
            return host;
        }
        catch
        {
            if (cluster is not null)
                await cluster.DisposeAsync();
            // What the other start came to does not matter any more, but a server that did start must not be left behind.
            await starting.ContinueWith(
                async started => { if (started.IsCompletedSuccessfully && await started is { } server) await server.DisposeAsync(); },
                CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default).Unwrap();
            throw;
        }
    }

    /// <summary>Waits until the process is told to stop.</summary>
    public static async Task StoppedAsync(CancellationToken stop)
    {
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
        }
        catch (OperationCanceledException)
        {
            // SIGTERM or Ctrl-C: what was waited for.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        if (_postgres is not null)
            await _postgres.DisposeAsync();
        _folder.Merged.TakeOut(_tell);
        _folder.Forget();
    }

    private static async Task<SimulatedCluster> StartClusterAsync(HarnessFolder folder, HarnessYaml harness, UpCommand.Ports ports, Action<string> tell, CancellationToken cancellation)
    {
        var options = new SimulatedClusterOptions
        {
            ApiPort = ports.Api ?? harness.Ports.Api ?? 0,
            Ingress = new IngressOptions { HttpPort = ports.Ingress ?? harness.Ports.Ingress, TakesAnotherPort = ports.Ingress is null, Browsers = harness.Browsers },
            Network = new NetworkOptions { Browsers = harness.Browsers },
            PersistentVolumes = folder.Volumes,
            UnknownImages = ports.UnknownImages,
            Logging = LoggerFactory.Create(logging => logging.AddProvider(new LineLogger(tell)).SetMinimumLevel(LogLevel.Warning)),
        };
        SimulatedCluster cluster;
        try
        {
            cluster = await SimulatedCluster.StartAsync(options, cancellation);
        }
        catch (IOException ex)
        {
            throw new CommandException($"{ex.Message.TrimEnd('.')}; ask for another port with --api-port or --ingress-port");
        }
        if (ports.Ingress is null && harness.Ports.Ingress is > 0 and var asked && cluster.Ingress.Port != asked)
            tell(Line($"port {asked} is in use: the Ingress answers on {cluster.Ingress.Port}"));
        return cluster;
    }

    private static async Task<PostgresServer?> StartPostgresAsync(HarnessFolder folder, CancellationToken cancellation) => await PostgresServer.StartAsync(
        new PostgresOptions { DataDirectory = await ServerUser.Choose().DirectoryFor(folder.PostgresData, cancellation), Durable = true }, cancellation);

    private static void WriteFiles(HarnessFolder folder, HarnessYaml harness, SimulatedCluster cluster, Dictionary<string, double> times)
    {
        cluster.WriteKubeconfig(folder.Kubeconfig);
        var (id, start) = RunningCluster.ThisProcess();
        folder.Write(new RunningCluster
        {
            ProcessId = id,
            ProcessStartTicks = start,
            ApiServer = cluster.ApiServer.ToString(),
            Ingress = cluster.Ingress.ToString(),
            Urls = harness.Urls.ToDictionary(url => url.Key, url => new Uri(cluster.Ingress, url.Value).ToString(), StringComparer.Ordinal),
            StartedInMilliseconds = times,
        });
    }

    private static double SinceProcessStart()
    {
        using var self = Process.GetCurrentProcess();
        return (TimeProvider.System.GetUtcNow().UtcDateTime - self.StartTime.ToUniversalTime()).TotalMilliseconds;
    }

    private static string Seconds(long began) => string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(began).TotalSeconds:0.00} s");

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
