using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ClusterSim.Postgres;
using Npgsql;

namespace Benchmarks;

/// <summary>One of each service as an ordinary process, on a PostgreSQL whose commits are durable.</summary>
internal sealed class ServiceProcesses : IAsyncDisposable
{
    private readonly List<Process> _processes = [];

    private ServiceProcesses(PostgresServer server) => Server = server;

    public PostgresServer Server { get; }

    public Process InvoiceApp => _processes[1];

    public Process Provider => _processes[0];

    public required HttpClient Invoices { get; init; }

    public required HttpClient Payments { get; init; }

    public static async Task<ServiceProcesses> StartAsync(string root)
    {
        var server = await PostgresServer.StartAsync(new PostgresOptions { Durable = true });
        foreach (var name in (string[])["invoices", "payments"])
        {
            await server.CreateRoleAsync(name, name);
            await server.CreateDatabaseAsync(name, name);
        }
        var (invoicePort, paymentPort) = (FreePort(), FreePort());
        var started = new ServiceProcesses(server) { Invoices = Client(invoicePort), Payments = Client(paymentPort) };
        started.Start(root, "PaymentProvider", paymentPort, ("DATABASE", server.ConnectionString("payments", "payments", "payments")), ("CALLER_AUTHENTICATION", "off"));
        started.Start(root, "InvoiceApp", invoicePort, ("DATABASE", server.ConnectionString("invoices", "invoices", "invoices")), ("PAYMENT_PROVIDER_URL", $"http://127.0.0.1:{paymentPort}"));
        await ReadyAsync(started.Payments);
        await ReadyAsync(started.Invoices);
        return started;
    }

    /// <summary>CPU seconds so far: invoice-app, payment-provider, PostgreSQL.</summary>
    public (double App, double Provider, double Postgres) Cpu() =>
        (ProcessUsage.CpuOf(InvoiceApp), ProcessUsage.CpuOf(Provider), ProcessUsage.CpuOfPostgres(Server.DataDirectory));

    /// <summary>Transactions committed so far; outside of explicit ones each statement is one, and one round trip.</summary>
    public static async Task<(long Invoices, long Payments)> CommitsAsync(PostgresServer server, string invoices = "invoices", string payments = "payments")
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString() + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("SELECT pg_stat_clear_snapshot(), (SELECT xact_commit FROM pg_stat_database WHERE datname = $1), (SELECT xact_commit FROM pg_stat_database WHERE datname = $2)", connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = invoices });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = payments });
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return (reader.GetInt64(1), reader.GetInt64(2));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            if (!process.HasExited)
                process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
        Invoices.Dispose();
        Payments.Dispose();
        await Server.DisposeAsync();
    }

    private static HttpClient Client(int port) => new(new SocketsHttpHandler { UseProxy = false })
    {
        BaseAddress = new UriBuilder("http", "127.0.0.1", port).Uri,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task ReadyAsync(HttpClient client)
    {
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System))
        {
            try
            {
                using var answer = await client.GetAsync(new Uri("/readiness", UriKind.Relative));
                if (answer.IsSuccessStatusCode)
                    return;
            }
            catch (HttpRequestException) when (Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60))
            {
                // Not listening yet.
            }
        }
    }

    private void Start(string root, string project, int port, params (string Name, string Value)[] settings)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(root, project, "bin", "Release", "net10.0", project + ".dll")]);
        start.Environment["PORT"] = port.ToString(CultureInfo.InvariantCulture);
        start.Environment["LOG_LEVEL"] = "Warning";
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        // PAY_…, PAYMENT_…, LEDGER_… of whoever measures are passed on: that is how settings are compared.
        _processes.Add(Process.Start(start)!);
    }
}
