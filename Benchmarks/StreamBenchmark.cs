using System.Diagnostics;
using System.Globalization;
using static Benchmarks.PayBenchmark;

namespace Benchmarks;

/// <summary>
/// A million invoices: how fast and in how much memory they are listed, that paying them takes no more memory than paying a few, that a call
/// which is cancelled stops and the next goes on, and that the provider's ledger is listed as fast.
/// </summary>
internal static class StreamBenchmark
{
    private const int PaidBeforeCancelled = 50_000;

    public static async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        var count = args.Count > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1_000_000;
        Say($"{count:#,0} invoices, {Environment.ProcessorCount} processors, load {Load()}");
        await using var services = await ServiceProcesses.StartAsync(Root());
        var made = Stopwatch.GetTimestamp();
        await CreateAsync(services.Invoices, count, chunk: 50_000);
        Say($"made in {Stopwatch.GetElapsedTime(made).TotalSeconds:0.0} s");
        await ListAsync(services.Invoices, "/invoices?limit=1000", services.InvoiceApp, services, tell: false);
        await ListAsync(services.Invoices, "/invoices", services.InvoiceApp, services, tell: true);
        await ListAsync(services.Invoices, "/invoices", services.InvoiceApp, services, tell: true);

        // Cancelled by its caller, who hangs up; another call goes on where it stopped.
        var before = services.Cpu();
        var last = 0L;
        var resident = ProcessUsage.ResidentOf(services.InvoiceApp.Id);
        using (var hangsUp = new CancellationTokenSource())
        {
            try
            {
                await PayAsync(services.Invoices, line =>
                {
                    using var told = System.Text.Json.JsonDocument.Parse(line);
                    last = told.RootElement.GetProperty("paid").GetInt64();
                    if (last >= PaidBeforeCancelled)
                        hangsUp.Cancel();
                }, hangsUp.Token);
            }
            catch (OperationCanceledException)
            {
                var spent = services.Cpu();
                Say($"hung up after {last:#,0} of {count:#,0} were paid: {(spent.App - before.App + spent.Provider - before.Provider) * 1e6 / last:0} us of CPU an invoice of the services, {(spent.Postgres - before.Postgres) * 1e6 / last:0} of PostgreSQL");
            }
        }
        var began = Stopwatch.GetTimestamp();
        var lines = 0;
        var report = await PayAsync(services.Invoices, _ => lines++);
        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var (paid, already) = (report.GetProperty("paid").GetInt64(), report.GetProperty("alreadyPaid").GetInt64());
        Say($"the next call paid {paid:#,0} in {took:0.0} s ({paid / took:#,0}/s), {already:#,0} were paid before; {lines} lines of progress; invoice-app {resident} MiB before, {ProcessUsage.PeakOf(services.InvoiceApp.Id)} MiB at most");
        await ListAsync(services.Payments, "/payments", services.Provider, services, tell: true);
        return report.GetProperty("left").GetInt64() == 0 ? 0 : 1;
    }

    private static async Task ListAsync(HttpClient client, string path, Process server, ServiceProcesses services, bool tell)
    {
        var (cpu, postgres) = (ProcessUsage.CpuOf(server), ProcessUsage.CpuOfPostgres(services.Server.DataDirectory));
        var began = Stopwatch.GetTimestamp();
        using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        var buffer = new byte[64 * 1024];
        var bytes = 0L;
        for (int read; (read = await body.ReadAsync(buffer)) > 0;)
            bytes += read;
        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        if (tell)
            Say($"GET {path}: {bytes / 1e6:0.0} MB in {took:0.00} s: {bytes / 1e6 / took:0} MB/s; CPU {ProcessUsage.CpuOf(server) - cpu:0.00} s of the service, {ProcessUsage.CpuOfPostgres(services.Server.DataDirectory) - postgres:0.00} s of PostgreSQL; the service has {ProcessUsage.ResidentOf(server.Id)} MiB (load {Load()})");
    }
}
