using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ClusterSim;
using ClusterSim.Nodes.Images;
using ClusterSim.Postgres;
using Harness.Chaos;
using Harness.Configuration;
using InvoiceApp;
using InvoiceApp.Chaos;
using Npgsql;
using PaymentProvider;

namespace Benchmarks;

/// <summary>
/// How fast invoices are paid: through one of each service as ordinary processes, and through three replicas of each on the simulated cluster.
/// Commits are durable in both. Aim 15,000 a second as processes, floor 5,000.
/// </summary>
internal static class PayBenchmark
{
    private const int ChunkOfInvoices = 20_000;
    private const int WarmUp = 30_000;

    // Sessions tell what they did once a second at most.
    private static readonly TimeSpan StatisticsDelay = TimeSpan.FromSeconds(1.5);

    public static async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        var count = args.Count > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;
        var which = args.Count > 1 ? args[1] : "both";
        var root = Root();
        Say($"{count:#,0} invoices, {Environment.ProcessorCount} processors, load {Load()}");
        var rate = double.MaxValue;
        if (which is "both" or "processes")
            rate = await ProcessesAsync(root, count);
        if (which is "both" or "cluster")
            await ClusterAsync(root, count);
        return rate < 5000 ? 1 : 0;
    }

    /// <summary>The repository's root.</summary>
    public static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            if (File.Exists(Path.Combine(folder.FullName, "Harness.sln")))
                return folder.FullName;
        throw new InvalidOperationException("not in a checkout");
    }

    /// <summary>The load of the last minute, so that a figure tells how busy the machine was.</summary>
    public static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "unknown";

    /// <summary>Makes invoices through the API.</summary>
    public static async Task CreateAsync(HttpClient client, int count, int chunk = ChunkOfInvoices, string prefix = "B")
    {
        for (var made = 0; made < count; made += chunk)
        {
            var body = new StringBuilder("[");
            for (var number = made; number < Math.Min(made + chunk, count); number++)
                body.Append(number == made ? "" : ",").Append(CultureInfo.InvariantCulture, $"{{\"InvoiceId\":\"{prefix}{number:0000000}\",\"Value\":{1 + (number % 1000)}.{number % 90 + 10},\"Currency\":\"EUR\"}}");
            using var content = new StringContent(body.Append(']').ToString(), Encoding.UTF8, "application/json");
            using var answer = await client.PostAsync(new Uri("/invoices", UriKind.Relative), content);
            answer.EnsureSuccessStatusCode();
        }
    }

    /// <summary>Pays with progress; returns the last line.</summary>
    public static async Task<JsonElement> PayAsync(HttpClient client, Action<string>? progress = null, CancellationToken cancellation = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/invoices/pay");
        request.Headers.Accept.ParseAdd("application/x-ndjson");
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellation));
        var last = "";
        while (await lines.ReadLineAsync(cancellation) is { } line)
        {
            progress?.Invoke(line);
            last = line;
        }
        using var document = JsonDocument.Parse(last);
        return document.RootElement.Clone();
    }

    public static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private static async Task<double> ProcessesAsync(string root, int count)
    {
        await using var services = await ServiceProcesses.StartAsync(root);
        var (request, commit) = (await CostOfRequestAsync(services), await CostOfCommitAsync(services.Server));
        // What runs for days is compiled once: the first invoices are not counted.
        await CreateAsync(services.Invoices, WarmUp, prefix: "W");
        await PayAsync(services.Invoices);
        await CreateAsync(services.Invoices, count);
        using var probing = new CancellationTokenSource();
        var (cpu, commits) = (services.Cpu(), await ServiceProcesses.CommitsAsync(services.Server));
        var probe = ProbeAsync(services.Payments, probing.Token);
        var began = Stopwatch.GetTimestamp();
        var report = await PayAsync(services.Invoices);
        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        await probing.CancelAsync();
        var latencies = await probe;
        var (cpuAfter, commitsAfter) = (services.Cpu(), await CommitsLaterAsync(services.Server));
        var paid = report.GetProperty("paid").GetInt64();
        double app = (cpuAfter.App - cpu.App) * 1e6 / paid, provider = (cpuAfter.Provider - cpu.Provider) * 1e6 / paid, postgres = (cpuAfter.Postgres - cpu.Postgres) * 1e6 / paid;
        var all = app + provider + postgres;
        Say($"processes, one of each: {paid:#,0} paid in {took:0.0} s: {paid / took:#,0} invoices/s (status {report.GetProperty("status")}, load {Load()})");
        Say($"  CPU an invoice: {all:0} us = invoice-app {app:0} + payment-provider {provider:0} + PostgreSQL {postgres:0}; alone on {Environment.ProcessorCount} processors that is at most {Environment.ProcessorCount * 1e6 / all:#,0} invoices/s");
        Say($"  statements an invoice: {(commitsAfter.Invoices - commits.Invoices) / (double)paid:0.000} of invoice-app, {(commitsAfter.Payments - commits.Payments) / (double)paid:0.000} of payment-provider (group commits)");
        Say($"  a single payment meanwhile: p50 {Percentile(latencies, 0.5):0.0} ms, p99 {Percentile(latencies, 0.99):0.0} ms (of {latencies.Count})");
        Say($"  memory at most: invoice-app {ProcessUsage.PeakOf(services.InvoiceApp.Id)} MiB, payment-provider {ProcessUsage.PeakOf(services.Provider.Id)} MiB");
        Say($"  what this machine gives: a loopback request {request.Cpu:0} us of CPU on both ends ({request.Rate:#,0}/s), a commit alone {commit * 1000:0.00} ms");
        return paid / took;
    }

    private static async Task ClusterAsync(string root, int count)
    {
        var harness = HarnessYaml.Load(root);
        var options = new ChaosOptions
        {
            Scenario = new PayingScenario(),
            Kustomization = harness.KustomizationFolder,
            PostgresImage = harness.Databases.Postgres,
            Images = images =>
            {
                images.Add("invoice-app:1.0.0", new ServiceImage(InvoiceAppService.RunAsync, Dockerfile.Read(File.ReadAllText(Path.Combine(root, "InvoiceApp", "Dockerfile")))));
                images.Add("payment-provider:1.0.0", new ServiceImage(PaymentProviderService.RunAsync, Dockerfile.Read(File.ReadAllText(Path.Combine(root, "PaymentProvider", "Dockerfile")))));
            },
            IsHastened = false,
            IsDurable = true,
        };
        await using var system = await ChaosSystem.StartAsync(options, CancellationToken.None);
        var server = system.Server!;
        var (workload, port) = (PayingScenario.InvoiceApp, PayingScenario.InvoiceApp.HttpPort!.Value);
        var clients = system.Pods(workload).Select(pod => system.Cluster.CreatePodClient(workload.Namespace, pod, port)).ToList();
        clients.ForEach(client => client.Timeout = Timeout.InfiniteTimeSpan);
        await CreateAsync(clients[0], WarmUp, prefix: "W");
        await Task.WhenAll(clients.Select(client => PayAsync(client)));
        await CreateAsync(clients[0], count);
        var requests = 0L;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name == "http.server.request.duration")
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) =>
        {
            foreach (var tag in tags)
                if (tag is { Key: "http.route", Value: "/payments/pay" })
                    Interlocked.Increment(ref requests);
        });
        listener.Start();
        using var self = Process.GetCurrentProcess();
        var databases = system.DatabaseNames;
        var (cpu, postgres, commits) = (ProcessUsage.CpuOf(self), ProcessUsage.CpuOfPostgres(server.DataDirectory), await ServiceProcesses.CommitsAsync(server, databases["invoices"], databases["payments"]));
        var began = Stopwatch.GetTimestamp();
        var reports = await Task.WhenAll(clients.Select(client => PayAsync(client)));
        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var (cpuAfter, postgresAfter) = (ProcessUsage.CpuOf(self), ProcessUsage.CpuOfPostgres(server.DataDirectory));
        await Task.Delay(StatisticsDelay, TimeProvider.System);
        var after = await ServiceProcesses.CommitsAsync(server, databases["invoices"], databases["payments"]);
        var paid = reports.Sum(report => report.GetProperty("paid").GetInt64());
        Say($"simulated cluster, three of each: {paid:#,0} paid in {took:0.0} s: {paid / took:#,0} invoices/s (by replica {string.Join(", ", reports.Select(report => report.GetProperty("paid").GetInt64()))}; load {Load()})");
        Say($"  CPU an invoice: {((cpuAfter - cpu) + (postgresAfter - postgres)) * 1e6 / paid:0} us = the cluster with all six {(cpuAfter - cpu) * 1e6 / paid:0} + PostgreSQL {(postgresAfter - postgres) * 1e6 / paid:0}");
        Say($"  requests an invoice: {requests / (double)paid:0.000}; statements an invoice: {(after.Invoices - commits.Invoices) / (double)paid:0.000} of invoice-app, {(after.Payments - commits.Payments) / (double)paid:0.000} of payment-provider");
        Say($"  memory at most, everything in one process: {ProcessUsage.PeakOf(Environment.ProcessId)} MiB");
        clients.ForEach(client => client.Dispose());
    }

    private static async Task<(long Invoices, long Payments)> CommitsLaterAsync(PostgresServer server)
    {
        await Task.Delay(StatisticsDelay, TimeProvider.System);
        return await ServiceProcesses.CommitsAsync(server);
    }

    /// <summary>Payments one after the other, beside those that are measured.</summary>
    private static async Task<List<double>> ProbeAsync(HttpClient payments, CancellationToken stop)
    {
        var took = new List<double>();
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var began = Stopwatch.GetTimestamp();
            using var content = new StringContent($$"""{"id":"probe-{{number}}","value":1.00,"currency":"EUR"}""", Encoding.UTF8, "application/json");
            using var answer = await payments.PostAsync(new Uri("/payments/pay", UriKind.Relative), content, CancellationToken.None);
            answer.EnsureSuccessStatusCode();
            took.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
        return took;
    }

    /// <summary>The same client and server, but nothing to do: what no payment can be cheaper than, as a request each.</summary>
    private static async Task<(double Cpu, double Rate)> CostOfRequestAsync(ServiceProcesses services)
    {
        using var self = Process.GetCurrentProcess();
        for (var warm = 0; ; warm++)
        {
            var cpu = ProcessUsage.CpuOf(self) + ProcessUsage.CpuOf(services.Provider);
            var (began, requests) = (Stopwatch.GetTimestamp(), 0);
            await Task.WhenAll(Enumerable.Range(0, 32).Select(async _ =>
            {
                while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(2))
                {
                    using var answer = await services.Payments.GetAsync(new Uri("/healthz", UriKind.Relative));
                    Interlocked.Increment(ref requests);
                }
            }));
            if (warm == 1)
                return ((ProcessUsage.CpuOf(self) + ProcessUsage.CpuOf(services.Provider) - cpu) * 1e6 / requests, requests / Stopwatch.GetElapsedTime(began).TotalSeconds);
        }
    }

    private static async Task<double> CostOfCommitAsync(PostgresServer server)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString() + ";Pooling=false");
        await connection.OpenAsync();
        await using (var make = new NpgsqlCommand("CREATE TABLE commits (number int)", connection))
            await make.ExecuteNonQueryAsync();
        await using var insert = new NpgsqlCommand("INSERT INTO commits VALUES (1)", connection);
        var (began, commits) = (Stopwatch.GetTimestamp(), 0);
        for (; commits < 500; commits++)
            await insert.ExecuteNonQueryAsync();
        return Stopwatch.GetElapsedTime(began).TotalSeconds / commits;
    }

    private static double Percentile(List<double> values, double part) => values.Count == 0 ? double.NaN : values.Order().ElementAt((int)(part * (values.Count - 1)));
}
