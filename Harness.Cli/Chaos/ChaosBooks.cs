using System.Globalization;
using System.Text.Json;
using ClusterSim.Faults.Schedules;
using ClusterSim.Machinery;

namespace Harness.Chaos;

/// <summary>
/// Compares the books after a run: what every replica of invoice-app says of the invoices, and every replica of payment-provider of the ledger.
/// </summary>
internal sealed class ChaosBooks(ChaosSystem system, ChaosPlan plan, string prefix)
{
    private const int NamedMax = 5;

    private sealed record Entry(decimal Value, string Currency, bool IsPaid);

    /// <summary>What does not hold.</summary>
    public async Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellation)
    {
        var failures = new List<string>();
        var invoices = await ReadAllAsync(ChaosSystem.Invoices, ChaosSystem.InvoiceApp, ChaosSystem.InvoiceAppPort, "/invoices", token: null, Invoice, cancellation);
        var ledgers = await ReadAllAsync(ChaosSystem.Payments, ChaosSystem.Provider, ChaosSystem.ProviderPort, "/payments", system.CallerToken(), Payment, cancellation);
        Agree(invoices, "invoices", failures);
        Agree(ledgers, "the ledger", failures);
        var ledger = ledgers[0].Entries;
        foreach (var (pod, known) in invoices)
        {
            Name($"{pod} does not know", plan.Invoices.Select(invoice => prefix + invoice.Id).Where(id => !known.ContainsKey(id)), failures);
            Name($"{pod} has another amount of", plan.Invoices.Where(invoice => known.TryGetValue(prefix + invoice.Id, out var entry) && (entry.Value, entry.Currency) != (invoice.Value, invoice.Currency)).Select(invoice => prefix + invoice.Id), failures);
            Name($"{pod} calls paid what the ledger does not hold:", known.Where(entry => entry.Value.IsPaid && !ledger.ContainsKey(entry.Key)).Select(entry => entry.Key), failures);
            Name($"{pod} calls unpaid what the ledger holds:", known.Where(entry => !entry.Value.IsPaid && ledger.ContainsKey(entry.Key)).Select(entry => entry.Key), failures);
            var refused = plan.Invoices.Where(invoice => invoice.IsRefused).Select(invoice => prefix + invoice.Id).ToHashSet(StringComparer.Ordinal);
            var open = known.Where(entry => !entry.Value.IsPaid && !refused.Contains(entry.Key)).Select(entry => entry.Key).ToList();
            if (!plan.Faults.Any(IsRefusal))
                Name($"{pod} has neither paid nor been refused", open, failures);
            foreach (var id in plan.Faults.Any(IsRefusal) ? [.. refused, .. open] : refused)
                if (await WrongRefusalAsync(pod, id, refused.Contains(id) ? "declined" : "the provider answered 4", cancellation) is { } wrong)
                    failures.Add(wrong);
        }
        Name("the ledger holds payments of no invoice (paid again under another id):", ledger.Keys.Where(id => !invoices[0].Entries.ContainsKey(id)), failures);
        Name("the ledger holds another amount of", ledger.Where(entry => invoices[0].Entries.TryGetValue(entry.Key, out var invoice) && (invoice.Value, invoice.Currency) != (entry.Value.Value, entry.Value.Currency)).Select(entry => entry.Key), failures);
        var (billed, paid) = (Sums(invoices[0].Entries.Values.Where(entry => entry.IsPaid)), Sums(ledger.Values));
        if (billed != paid)
            failures.Add($"the sums differ: paid invoices {billed}; ledger {paid}");
        return failures;
    }

    // A schedule of one's own may have the provider refuse whatever it is asked then: who was, was refused with that reason.
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
        string @namespace, string name, int port, string path, string? token, Func<JsonElement, (string Id, Entry Entry)> read, CancellationToken cancellation)
    {
        var all = new List<(string, Dictionary<string, Entry>)>();
        foreach (var pod in system.Pods(@namespace, name))
        {
            var (status, body) = await system.AskAsync(@namespace, pod, port, HttpMethod.Get, path, token, cancellation: cancellation);
            if (status != 200)
                throw new InvalidOperationException($"{pod} answers {status} to GET {path}: {body}");
            using var listed = JsonDocument.Parse(body);
            var entries = new Dictionary<string, Entry>(StringComparer.Ordinal);
            foreach (var (id, entry) in listed.RootElement.Items().Select(read))
                // What a straggler of an earlier run brought is not this run's. (I1 to I3 come with the database.)
                if (id.StartsWith(prefix, StringComparison.Ordinal) || !id.Contains('.', StringComparison.Ordinal))
                    entries.Add(id, entry);
            all.Add((pod, entries));
        }
        return all.Count > 0 ? all : throw new TimeoutException($"no pod of {@namespace}/{name} is there to be asked");
    }

    private async Task<string?> WrongRefusalAsync(string pod, string id, string why, CancellationToken cancellation)
    {
        var (status, body) = await system.AskAsync(ChaosSystem.Invoices, pod, ChaosSystem.InvoiceAppPort, HttpMethod.Get, $"/invoices/{id}", cancellation: cancellation);
        if (status != 200)
            return $"{pod} answers {status} for the refused {id}: {body}";
        using var invoice = JsonDocument.Parse(body);
        return invoice.RootElement.At("State").Text("") == "refused" && invoice.RootElement.At("Reason").Text("").Contains(why, StringComparison.Ordinal)
            ? null
            : $"{pod} does not say that {id} is refused, and why: {body}";
    }

    private static (string Id, Entry Entry) Invoice(JsonElement invoice) =>
        (invoice.At("InvoiceId").Text(""), new(invoice.GetProperty("Value").GetDecimal(), invoice.At("Currency").Text(""), invoice.GetProperty("IsPaid").GetBoolean()));

    private static (string Id, Entry Entry) Payment(JsonElement payment) =>
        (payment.At("id").Text(""), new(payment.GetProperty("value").GetDecimal(), payment.At("currency").Text(""), true));
}
