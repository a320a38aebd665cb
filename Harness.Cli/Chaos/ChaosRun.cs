using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ClusterSim.Faults;
using ClusterSim.Faults.Schedules;
using ClusterSim.Json;
using Npgsql;

namespace Harness.Chaos;

/// <summary>
/// One run: invoices are made, calls pay them while things go wrong, everything is healed, a last call pays what is left, and the books are
/// compared (<see cref="ChaosBooks"/>).
/// </summary>
internal sealed class ChaosRun
{
    private const int CreateTries = 20;
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(30);

    private readonly ChaosSystem _system;
    private readonly ChaosPlan _plan;
    private readonly TimeProvider _clock;
    private readonly ChaosTimeline _timeline;
    private readonly string _prefix;

    private ChaosRun(ChaosSystem system, ChaosPlan plan, TimeProvider clock, long number)
    {
        (_system, _plan, _clock) = (system, plan, clock);
        _timeline = new ChaosTimeline(clock);
        _prefix = string.Create(CultureInfo.InvariantCulture, $"{plan.Seed}-{number}.");
    }

    /// <summary>Runs a plan on a system.</summary>
    public static async Task<ChaosVerdict> RunAsync(ChaosSystem system, ChaosPlan plan, TimeProvider clock, CancellationToken cancellation)
    {
        var began = clock.GetTimestamp();
        var number = await system.RenewAsync(cancellation);
        var run = new ChaosRun(system, plan, clock, number);
        IReadOnlyList<string> failures;
        system.Cluster.Faults.Told = run._timeline.Tell;
        try
        {
            failures = await run.RunAsync(cancellation);
        }
        catch (TimeoutException late)
        {
            failures = [late.Message];
        }
        finally
        {
            system.Cluster.Faults.Told = null;
        }
        foreach (var failure in failures)
            run._timeline.Tell($"check failed: {failure}");
        return new ChaosVerdict(plan, failures, run._timeline.Lines, clock.GetElapsedTime(began));
    }

    private async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancellation)
    {
        await CreateAsync(cancellation);
        // A provider that refuses an invoice refuses it whenever it is asked.
        var refusals = _plan.Invoices.Where(invoice => invoice.IsRefused).Select(invoice => _system.Cluster.Faults.AnswerInstead(
            PodSet.All, PodSet.Parse("payments/payment-provider"),
            new HttpAnswer { Status = 402, Body = """{"error":"the card is declined"}""", ToRequestsHolding = $"\"id\":\"{_prefix}{invoice.Id}" })).ToList();
        try
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var calls = Task.WhenAll(_plan.Calls.Select(call => CallAsync(call, cancellation)));
            var faults = _system.Cluster.Faults.RunAsync(_plan.Faults, _clock, _timeline.Tell, StopPostgres, over.Token);
            await calls;
            // What would begin after the last call meets nobody; what a call still waits for must end by itself.
            await over.CancelAsync();
            await faults;
            cancellation.ThrowIfCancellationRequested();
            _timeline.Tell("healed");
            await _system.WholeAsync(cancellation);
            await SettleAsync(cancellation);
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
        for (var tries = 1; ; tries++)
        {
            var (status, answer) = await AskAsync(_system.Pods(ChaosSystem.Invoices, ChaosSystem.InvoiceApp)[0], HttpMethod.Post, "/invoices", body, cancellation);
            if (status is 200 or 201)
                break;
            // A pool may still hold connections to the databases of before. What is known already just stays, so asking again is safe.
            if (status != 503 || tries == CreateTries)
                throw new InvalidOperationException($"invoice-app did not take the invoices: {status} {answer}");
        }
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
            var (status, body) = await AskAsync(pod, HttpMethod.Post, "/invoices/pay", null, cancellation);
            came = $"{status} {Short(body)}";
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException or SocketException or ArgumentException || (cut is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            came = $"no answer: {cut.Message}";
        }
        _timeline.Tell($"answer from {pod}: {came}");
    }

    /// <summary>With everything healed, pay has to come to an end: nothing left but what is refused.</summary>
    private async Task SettleAsync(CancellationToken cancellation)
    {
        var began = _clock.GetTimestamp();
        for (var replica = 0; ; replica++)
        {
            var pods = _system.Pods(ChaosSystem.Invoices, ChaosSystem.InvoiceApp);
            var pod = pods[replica % pods.Count];
            string came;
            try
            {
                var (status, body) = await AskAsync(pod, HttpMethod.Post, "/invoices/pay", null, cancellation);
                came = $"{status} {Short(body)}";
                if (status == 200 || (status == 502 && JsonDocument.Parse(body).RootElement.At("left").Integer(-1) == 0))
                {
                    _timeline.Tell($"settled by {pod}: {came}");
                    return;
                }
            }
            catch (Exception cut) when (cut is HttpRequestException or IOException or SocketException || (cut is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                came = cut.Message;
            }
            _timeline.Tell($"not settled by {pod}: {came}");
            if (_clock.GetElapsedTime(began) > SettleLimit)
                throw new TimeoutException($"with everything healed, pay left something unpaid for {SettleLimit.TotalSeconds:0} s: {came}");
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

    private async Task<(int Status, string Body)> AskAsync(string pod, HttpMethod method, string path, string? body, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(CallLimit, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        using var client = _system.Cluster.CreatePodClient(ChaosSystem.Invoices, pod, ChaosSystem.InvoiceAppPort);
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };
        using var answer = await client.SendAsync(request, either.Token);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(either.Token));
    }

    private static string Short(string body) => body.Length > 240 ? body[..240] + "…" : body;
}
