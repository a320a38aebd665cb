using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using ClusterSim;
using ClusterSim.Faults;
using Harness.Chaos;

namespace InvoiceApp.Chaos;

/// <summary>One run: invoices are created, calls pay them, a last call pays what is left, and the books are compared.</summary>
internal sealed class PayingRun : IChaosRun
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan SettlePause = TimeSpan.FromMilliseconds(20);

    private readonly ChaosRunContext _context;
    private readonly PayingLoad _load;
    private readonly string _prefix;
    private readonly List<IDisposable> _refusals = [];

    public PayingRun(ChaosRunContext context)
    {
        _context = context;
        _load = (PayingLoad)context.Load;
        _prefix = string.Create(CultureInfo.InvariantCulture, $"{context.Seed}-{context.Run}.");
    }

    /// <inheritdoc/>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        var body = JsonSerializer.Serialize(_load.Invoices.Select(invoice => new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["InvoiceId"] = _prefix + invoice.Id,
            ["Value"] = invoice.Value,
            ["Currency"] = invoice.Currency,
        }));
        // An invoice that is known already is left as it is, so the request may be repeated.
        var (status, answer) = await _context.System.RequestAsync(
            PayingScenario.InvoiceApp, _context.System.Pods(PayingScenario.InvoiceApp)[0], HttpMethod.Post, "/invoices", json: body, cancellation: cancellation);
        if (status is not (200 or 201))
            throw new InvalidOperationException($"invoice-app did not take the invoices: {status} {answer}");
        _context.Record($"{_load.Invoices.Count} invoices made, {_load.Invoices.Count(invoice => invoice.IsRefused)} of which the provider will refuse");

        // A provider that refuses an invoice refuses it at each attempt.
        foreach (var invoice in _load.Invoices.Where(invoice => invoice.IsRefused))
            _refusals.Add(_context.System.Cluster.Faults.AnswerInstead(
                PodSet.All, PodSet.Parse(PayingScenario.PaymentProvider.Pods),
                new HttpAnswer { Status = 402, Body = """{"error":"the card is declined"}""", ToRequestsHolding = $"\"id\":\"{_prefix}{invoice.Id}" }));
    }

    /// <inheritdoc/>
    public Task RunLoadAsync(CancellationToken cancellation) => Task.WhenAll(_load.Calls.Select(call => CallAsync(call, cancellation)));

    /// <inheritdoc/>
    public async Task<string?> SettleAsync(CancellationToken cancellation)
    {
        var began = _context.Clock.GetTimestamp();
        for (var replica = 0; ; replica++)
        {
            var pods = _context.System.Pods(PayingScenario.InvoiceApp);
            var pod = pods.Count > 0 ? pods[replica % pods.Count] : throw new InvalidOperationException("invoice-app has no pod");
            string result;
            try
            {
                var (status, body) = await PayAsync(pod, cancellation);
                result = $"{status} {Short(body)}";
                if (status == 200 || (status == 502 && Left(body) == 0))
                {
                    _context.Record($"settled by {pod}: {result}");
                    return null;
                }
            }
            catch (Exception ex) when (ex is HttpRequestException or IOException or SocketException || (ex is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                result = ex.Message;
            }
            _context.Record($"not settled by {pod}: {result}");
            if (_context.Clock.GetElapsedTime(began) > SettleLimit)
                return $"with everything healed, pay left something unpaid for {SettleLimit.TotalSeconds:0} s: {result}";
            await Task.Delay(SettlePause, _context.Clock, cancellation);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellation) => new PayingBooks(_context.System, _load, _context.Faults, _prefix).CheckAsync(cancellation);

    /// <inheritdoc/>
    public void Dispose() => _refusals.ForEach(refusal => refusal.Dispose());

    private async Task CallAsync(PayingCall call, CancellationToken cancellation)
    {
        await Task.Delay(call.At, _context.Clock, cancellation);
        var pods = _context.System.Pods(PayingScenario.InvoiceApp);
        if (pods.Count == 0)
            return;
        var pod = pods[call.Replica % pods.Count];
        _context.Record($"call:  POST /invoices/pay to {pod}");
        string result;
        try
        {
            var (status, body) = await PayAsync(pod, cancellation);
            result = $"{status} {Short(body)}";
        }
        catch (Exception ex) when (ex is HttpRequestException or IOException or SocketException or KubernetesApiException || (ex is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            result = $"no answer: {ex.Message}";
        }
        _context.Record($"answer from {pod}: {result}");
    }

    private async Task<(int Status, string Body)> PayAsync(string pod, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(CallLimit, _context.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        using var client = _context.System.Cluster.CreatePodClient(PayingScenario.InvoiceApp.Namespace, pod, PayingScenario.InvoiceApp.HttpPort!.Value);
        using var answer = await client.PostAsync(new Uri("/invoices/pay", UriKind.Relative), content: null, either.Token);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(either.Token));
    }

    private static long? Left(string body)
    {
        using var report = JsonDocument.Parse(body);
        return report.RootElement.TryGetProperty("left", out var left) && left.TryGetInt64(out var count) ? count : null;
    }

    private static string Short(string body) => body.Length > 240 ? body[..240] + "…" : body;
}
