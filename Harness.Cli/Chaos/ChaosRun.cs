using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using ClusterSim;
using ClusterSim.Faults;
using ClusterSim.Faults.Schedules;
using ClusterSim.Machinery;
using Harness.Postgres;
using Npgsql;

namespace Harness.Chaos;

/// <summary>
/// One run: invoices are made, calls pay them while things go wrong, everything is healed, a last call pays what is left, and the books are
/// compared (<see cref="ChaosBooks"/>).
/// </summary>
internal sealed class ChaosRun
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SettlePause = TimeSpan.FromMilliseconds(20);

    private readonly ChaosSystem _system;
    private readonly ChaosPlan _plan;
    private readonly TimeProvider _clock;
    private readonly ChaosTimeline _timeline;
    private string _prefix = "";
    private string _step = "";

    private ChaosRun(ChaosSystem system, ChaosPlan plan, TimeProvider clock)
    {
        (_system, _plan, _clock) = (system, plan, clock);
        _timeline = new ChaosTimeline(clock);
    }

    /// <summary>Runs a plan on a system.</summary>
    public static async Task<ChaosVerdict> RunAsync(ChaosSystem system, ChaosPlan plan, TimeProvider clock, CancellationToken cancellation)
    {
        var began = clock.GetTimestamp();
        var run = new ChaosRun(system, plan, clock);
        IReadOnlyList<string> failures;
        var isSystemLost = false;
        system.Cluster.Faults.Told = run._timeline.Tell;
        try
        {
            failures = await run.RunAsync(cancellation);
        }
        catch (Exception broken) when (broken is TimeoutException or HttpRequestException or InvalidOperationException or NpgsqlException or PostgresServerException)
        {
            // The system itself did not come back: that is a finding too.
            isSystemLost = true;
            failures = [$"the system did not come back, while {run._step}: {broken.Message}"];
        }
        finally
        {
            system.Cluster.Faults.Told = null;
        }
        foreach (var failure in failures)
            run._timeline.Tell($"check failed: {failure}");
        return new ChaosVerdict(plan, failures, run._timeline.Lines, clock.GetElapsedTime(began)) { IsSystemLost = isSystemLost };
    }

    private async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancellation)
    {
        _step = "it was given fresh databases";
        var number = await _system.RenewAsync(cancellation);
        _prefix = string.Create(CultureInfo.InvariantCulture, $"{_plan.Seed}-{number}.");
        _timeline.Tell("fresh databases, every pod answers");
        _step = "the invoices were made";
        await CreateAsync(cancellation);
        // A provider that refuses an invoice refuses it whenever it is asked.
        var refusals = _plan.Invoices.Where(invoice => invoice.IsRefused).Select(invoice => _system.Cluster.Faults.AnswerInstead(
            PodSet.All, PodSet.Parse("payments/payment-provider"),
            new HttpAnswer { Status = 402, Body = """{"error":"the card is declined"}""", ToRequestsHolding = $"\"id\":\"{_prefix}{invoice.Id}" })).ToList();
        try
        {
            _step = "faults came and went";
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var calls = Task.WhenAll(_plan.Calls.Select(call => CallAsync(call, cancellation)));
            var faults = _system.Cluster.Faults.RunAsync(_plan.Faults, _clock, _timeline.Tell, StopPostgres, over.Token);
            await calls;
            // What would begin after the last call meets nobody; what a call still waits for must end by itself.
            await over.CancelAsync();
            await faults;
            cancellation.ThrowIfCancellationRequested();
            _timeline.Tell("healed");
            _step = "every pod had to answer again";
            await _system.WholeAsync(cancellation);
            _step = "the last call paid what was left";
            if (await UnsettledAsync(cancellation) is { } unsettled)
                return [unsettled];
            _step = "the books were compared";
            return await new ChaosBooks(_system, _plan, _prefix).CheckAsync(cancellation);
        }
        finally
        {
            foreach (var refusal in refusals)
                refusal.Dispose();
        }
    }

    private async Task CreateAsync(CancellationToken cancellation)
    {
        var body = JsonSerializer.Serialize(_plan.Invoices.Select(invoice => new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["InvoiceId"] = _prefix + invoice.Id,
            ["Value"] = invoice.Value,
            ["Currency"] = invoice.Currency,
        }));
        // What is known already just stays, so asking again is safe.
        var (status, answer) = await _system.AskAsync(
            ChaosSystem.Invoices, _system.Pods(ChaosSystem.Invoices, ChaosSystem.InvoiceApp)[0], ChaosSystem.InvoiceAppPort, HttpMethod.Post, "/invoices", body: body, cancellation: cancellation);
        if (status is not (200 or 201))
            throw new InvalidOperationException($"invoice-app did not take the invoices: {status} {answer}");
        _timeline.Tell($"{_plan.Invoices.Count} invoices made, {_plan.Invoices.Count(invoice => invoice.IsRefused)} of which the provider will refuse");
    }

    private async Task CallAsync(ChaosCall call, CancellationToken cancellation)
    {
        await Task.Delay(call.At, _clock, cancellation);
        var pods = _system.Pods(ChaosSystem.Invoices, ChaosSystem.InvoiceApp);
        if (pods.Count == 0)
            return;
        var pod = pods[call.Replica % pods.Count];
        _timeline.Tell($"call:  POST /invoices/pay to {pod}");
        string came;
        try
        {
            var (status, body) = await PayAsync(pod, cancellation);
            came = $"{status} {Short(body)}";
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException or SocketException or ArgumentException || (cut is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            came = $"no answer: {cut.Message}";
        }
        _timeline.Tell($"answer from {pod}: {came}");
    }

    /// <summary>With everything healed, pay has to come to an end: nothing left but what is refused.</summary>
    /// <returns>How it did not; null: it did.</returns>
    private async Task<string?> UnsettledAsync(CancellationToken cancellation)
    {
        var began = _clock.GetTimestamp();
        for (var replica = 0; ; replica++)
        {
            var pods = _system.Pods(ChaosSystem.Invoices, ChaosSystem.InvoiceApp);
            var pod = pods.Count > 0 ? pods[replica % pods.Count] : throw new InvalidOperationException("no pod of invoice-app is there to be asked");
            string came;
            try
            {
                var (status, body) = await PayAsync(pod, cancellation);
                came = $"{status} {Short(body)}";
                if (status == 200 || (status == 502 && JsonDocument.Parse(body).RootElement.At("left").Integer(-1) == 0))
                {
                    _timeline.Tell($"settled by {pod}: {came}");
                    return null;
                }
            }
            catch (Exception cut) when (cut is HttpRequestException or IOException or SocketException || (cut is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                came = cut.Message;
            }
            _timeline.Tell($"not settled by {pod}: {came}");
            if (_clock.GetElapsedTime(began) > SettleLimit)
                return $"with everything healed, pay left something unpaid for {SettleLimit.TotalSeconds:0} s: {came}";
            await Task.Delay(SettlePause, _clock, cancellation);
        }
    }

    private Func<Task>? StopPostgres(ScheduledFault fault)
    {
        // Without writing anything more: the next start recovers, as after a crash.
        var stopping = Task.Run(() => _system.Server.KillAsync(CancellationToken.None));
        return async () =>
        {
            await stopping;
            await _system.Server.StartAgainAsync(CancellationToken.None);
        };
    }

    private async Task<(int Status, string Body)> PayAsync(string pod, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(CallLimit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        using var client = _system.Cluster.CreatePodClient(ChaosSystem.Invoices, pod, ChaosSystem.InvoiceAppPort);
        using var answer = await client.PostAsync(new Uri("/invoices/pay", UriKind.Relative), content: null, either.Token);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(either.Token));
    }

    private static string Short(string body) => body.Length > 240 ? body[..240] + "…" : body;
}
