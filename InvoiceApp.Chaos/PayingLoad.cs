using System.Globalization;
using System.Text;
using ClusterSim.Faults.Schedules;
using Harness.Chaos;

namespace InvoiceApp.Chaos;

/// <summary>An invoice of a run.</summary>
/// <param name="Id">The id; the run adds its own prefix.</param>
/// <param name="Value">The amount.</param>
/// <param name="Currency">The ISO 4217 code.</param>
/// <param name="IsRefused">Whether the provider refuses every payment of it.</param>
public sealed record PayingInvoice(string Id, decimal Value, string Currency, bool IsRefused);

/// <summary>A call of <c>POST /invoices/pay</c>.</summary>
/// <param name="At">When, from the start.</param>
/// <param name="Replica">The replica that gets it, in the order of the pods' names.</param>
public sealed record PayingCall(TimeSpan At, int Replica);

/// <summary>The load of a run: invoices, and calls that pay them.</summary>
public sealed record PayingLoad : ChaosLoad
{
    /// <summary>The most invoices that a schedule file may have.</summary>
    public const int InvoicesMax = 10_000;

    private const int InvoicesDefault = 20;
    private const int Replicas = 3;
    private const int ReplicaMax = 99;

    private static readonly (string Currency, int Decimals)[] Currencies = [("EUR", 2), ("GBP", 2), ("DKK", 2), ("USD", 2), ("JPY", 0), ("KWD", 3)];

    /// <summary>The fields of a schedule file.</summary>
    public static IReadOnlyList<string> Fields { get; } = ["invoices", "refused", "calls"];

    /// <summary>The invoices.</summary>
    public required IReadOnlyList<PayingInvoice> Invoices { get; init; }

    /// <summary>The calls.</summary>
    public required IReadOnlyList<PayingCall> Calls { get; init; }

    /// <summary>Generates the load of a seed: 5 to 40 invoices, of which one run in three has some that are refused, and 1 to 4 calls.</summary>
    public static PayingLoad Generate(int seed, Random random)
    {
        var invoices = 5 + random.Next(36);
        var refused = random.Next(3) == 0 ? 1 + random.Next(3) : 0;
        var calls = new List<PayingCall>();
        for (var call = 1 + random.Next(4); call > 0; call--)
            calls.Add(new PayingCall(TimeSpan.FromMilliseconds(random.Next(250)), random.Next(Replicas)));
        return new PayingLoad { Invoices = InvoicesOf(seed, invoices, refused), Calls = [.. calls.OrderBy(call => call.At)] };
    }

    /// <summary>Reads the load from a schedule file.</summary>
    /// <exception cref="FormatException">A field is wrong.</exception>
    public static PayingLoad Read(int seed, ScheduleFields fields)
    {
        var invoices = fields.Whole("invoices", InvoicesDefault, 1, InvoicesMax);
        var refused = fields.Whole("refused", 0, 0, invoices);
        var calls = fields.List("calls", ["at", "replica"], "{ at: 100ms, replica: 0 }");
        return new PayingLoad
        {
            Invoices = InvoicesOf(seed, invoices, refused),
            Calls = calls is null ? [new PayingCall(TimeSpan.Zero, 0)] : [.. calls.Select(call => new PayingCall(call.Duration("at"), call.Whole("replica", 0, 0, ReplicaMax)))],
        };
    }

    /// <inheritdoc/>
    public override string ToYaml()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"invoices: {Invoices.Count}\n");
        if (Invoices.Count(invoice => invoice.IsRefused) is > 0 and var refused)
            text.Append(CultureInfo.InvariantCulture, $"refused: {refused}\n");
        text.Append("calls:").Append(Calls.Count == 0 ? " []\n" : "\n");
        foreach (var call in Calls)
            text.Append(CultureInfo.InvariantCulture, $"  - {{ at: {FaultScheduleYaml.Duration(call.At)}, replica: {call.Replica} }}\n");
        return text.ToString();
    }

    /// <inheritdoc/>
    public override IEnumerable<ChaosLoad> Smaller()
    {
        for (var without = 0; without < Calls.Count && Calls.Count > 1; without++)
            yield return this with { Calls = [.. Calls.Where((_, index) => index != without)] };
        if (Invoices.Count > 1)
            yield return this with { Invoices = [.. Invoices.Take(Invoices.Count / 2)] };
        if (Invoices.Any(invoice => invoice.IsRefused))
            yield return this with { Invoices = [.. Invoices.Select(invoice => invoice with { IsRefused = false })] };
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Invoices.Count} invoices, {Calls.Count} calls");

    // The first of them are refused.
    private static IReadOnlyList<PayingInvoice> InvoicesOf(int seed, int count, int refused)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(number =>
        {
            var (currency, decimals) = Currencies[random.Next(Currencies.Length)];
            return new PayingInvoice($"n{number:00000}", new decimal(1 + random.Next(10_000_000), 0, 0, false, (byte)decimals), currency, number < refused);
        })];
    }
}
