using System.Globalization;
using System.Text.Json;
using ClusterSim.Faults.Schedules;
using Harness.Chaos;

namespace InvoiceApp.Chaos;

/// <summary>
/// Compares the books after a run: the invoices as each replica of invoice-app lists them, and the ledger as each replica of payment-provider does.
/// </summary>
internal sealed class PayingBooks(IChaosSystem system, PayingLoad load, IReadOnlyList<ScheduledFault> faults, string prefix)
{
    private const int NamedMax = 5;

    private sealed record Entry(decimal Value, string Currency, bool IsPaid);

    /// <summary>Returns the differences.</summary>
    public async Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellation)
    {
        var failures = new List<string>();
        var invoices = await ReadAllAsync(PayingScenario.InvoiceApp, "/invoices", token: null, Invoice, cancellation);
        var ledgers = await ReadAllAsync(PayingScenario.PaymentProvider, "/payments", await CallerToken.RequestAsync(system, cancellation), Payment, cancellation);
        Agree(invoices, "invoices", failures);
        Agree(ledgers, "the ledger", failures);
        var ledger = ledgers[0].Entries;
        foreach (var (pod, known) in invoices)
            await CheckReplicaAsync(pod, known, ledger, failures, cancellation);
        Name("the ledger holds payments of no invoice (paid again under another id):", ledger.Keys.Where(id => !invoices[0].Entries.ContainsKey(id)), failures);
        Name("the ledger holds another amount of", ledger.Where(entry => invoices[0].Entries.TryGetValue(entry.Key, out var invoice) && (invoice.Value, invoice.Currency) != (entry.Value.Value, entry.Value.Currency)).Select(entry => entry.Key), failures);
        var (billed, paid) = (Sums(invoices[0].Entries.Values.Where(entry => entry.IsPaid)), Sums(ledger.Values));
        if (billed != paid)
            failures.Add($"the sums differ: paid invoices {billed}; ledger {paid}");
        return failures;
    }

    private async Task CheckReplicaAsync(string pod, Dictionary<string, Entry> known, Dictionary<string, Entry> ledger, List<string> failures, CancellationToken cancellation)
    {
        Name($"{pod} does not know", load.Invoices.Select(invoice => prefix + invoice.Id).Where(id => !known.ContainsKey(id)), failures);
        Name($"{pod} has another amount of", load.Invoices.Where(invoice => known.TryGetValue(prefix + invoice.Id, out var entry) && (entry.Value, entry.Currency) != (invoice.Value, invoice.Currency)).Select(invoice => prefix + invoice.Id), failures);
        Name($"{pod} calls paid what the ledger does not hold:", known.Where(entry => entry.Value.IsPaid && !ledger.ContainsKey(entry.Key)).Select(entry => entry.Key), failures);
        Name($"{pod} calls unpaid what the ledger holds:", known.Where(entry => !entry.Value.IsPaid && ledger.ContainsKey(entry.Key)).Select(entry => entry.Key), failures);
        var refused = load.Invoices.Where(invoice => invoice.IsRefused).Select(invoice => prefix + invoice.Id).ToHashSet(StringComparer.Ordinal);
        var open = known.Where(entry => !entry.Value.IsPaid && !refused.Contains(entry.Key)).Select(entry => entry.Key).ToList();
        if (!faults.Any(IsRefusal))
            Name($"{pod} has neither paid nor been refused", open, failures);
        foreach (var id in faults.Any(IsRefusal) ? [.. refused, .. open] : refused)
            if (await WrongRefusalAsync(pod, id, refused.Contains(id) ? "declined" : "the provider answered 4", cancellation) is { } wrong)
                failures.Add(wrong);
    }

    // A hand-written schedule may have the provider refuse any payment while the fault lasts: those invoices end refused, with that reason.
    private static bool IsRefusal(ScheduledFault fault) => fault is { Kind: FaultKind.Answer, Status: 400 or 402 or 409 or 422 };

    private static string Sums(IEnumerable<Entry> entries) => string.Join(", ", entries.GroupBy(entry => entry.Currency).OrderBy(group => group.Key, StringComparer.Ordinal)
        .Select(group => string.Create(CultureInfo.InvariantCulture, $"{group.Sum(entry => entry.Value):0.####} {group.Key}")));

    private static void Name(string what, IEnumerable<string> ids, List<string> failures)
    {
        var all = ids.ToList();
        if (all.Count > 0)
            failures.Add($"{what} {string.Join(", ", all.Take(NamedMax))}{(all.Count > NamedMax ? $" and {all.Count - NamedMax} more" : "")}");
    }

    private static void Agree(IReadOnlyList<(string Pod, Dictionary<string, Entry> Entries)> all, string what, List<string> failures)
    {
        foreach (var (pod, entries) in all.Skip(1))
            Name(
                $"{pod} and {all[0].Pod} disagree on {what}:",
                entries.Keys.Union(all[0].Entries.Keys).Where(id => entries.GetValueOrDefault(id) != all[0].Entries.GetValueOrDefault(id)), failures);
    }

    private async Task<List<(string Pod, Dictionary<string, Entry> Entries)>> ReadAllAsync(
        ChaosWorkload workload, string path, string? token, Func<JsonElement, (string Id, Entry Entry)> read, CancellationToken cancellation)
    {
        var all = new List<(string, Dictionary<string, Entry>)>();
        foreach (var pod in system.Pods(workload))
        {
            var (status, body) = await system.RequestAsync(workload, pod, HttpMethod.Get, path, token, cancellation: cancellation);
            if (status != 200)
                throw new InvalidOperationException($"{pod} answers {status} to GET {path}: {body}");
            using var listed = JsonDocument.Parse(body);
            var entries = new Dictionary<string, Entry>(StringComparer.Ordinal);
            foreach (var (id, entry) in listed.RootElement.EnumerateArray().Select(read))
                // A late request of an earlier run is not counted in this one. (I1 to I3 come with the database.)
                if (id.StartsWith(prefix, StringComparison.Ordinal) || !id.Contains('.', StringComparison.Ordinal))
                    entries.Add(id, entry);
            all.Add((pod, entries));
        }
        return all.Count > 0 ? all : throw new TimeoutException($"{workload.Pods} has no pod");
    }

    private async Task<string?> WrongRefusalAsync(string pod, string id, string reason, CancellationToken cancellation)
    {
        var (status, body) = await system.RequestAsync(PayingScenario.InvoiceApp, pod, HttpMethod.Get, $"/invoices/{id}", cancellation: cancellation);
        if (status != 200)
            return $"{pod} answers {status} for the refused {id}: {body}";
        using var invoice = JsonDocument.Parse(body);
        return Text(invoice.RootElement, "State") == "refused" && Text(invoice.RootElement, "Reason").Contains(reason, StringComparison.Ordinal)
            ? null
            : $"{pod} does not say that {id} is refused, and why: {body}";
    }

    private static (string Id, Entry Entry) Invoice(JsonElement invoice) =>
        (Text(invoice, "InvoiceId"), new(invoice.GetProperty("Value").GetDecimal(), Text(invoice, "Currency"), invoice.GetProperty("IsPaid").GetBoolean()));

    private static (string Id, Entry Entry) Payment(JsonElement payment) =>
        (Text(payment, "id"), new(payment.GetProperty("value").GetDecimal(), Text(payment, "currency"), true));

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
}
