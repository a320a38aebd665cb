using ClusterSim.Faults.Schedules;
using ClusterSim.Machinery;

namespace Harness.Chaos;

/// <summary>Plans from seeds: the same seed gives the same invoices, calls and faults on every machine.</summary>
internal static class ChaosGenerator
{
    private const string App = "invoices/invoice-app";
    private const string Provider = "payments/payment-provider";
    private const string InvoicesDatabase = "invoices/invoices-db";
    private const string PaymentsDatabase = "payments/payments-db";
    private const int Replicas = 3;

    private static readonly (string Currency, int Decimals)[] Currencies = [("EUR", 2), ("GBP", 2), ("DKK", 2), ("USD", 2), ("JPY", 0), ("KWD", 3)];

    // How often each is drawn. Nodes and servers take a good part of a second to come back, so they are rarer.
    private static readonly (FaultKind Kind, int Weight)[] Kinds =
    [
        (FaultKind.Partition, 14), (FaultKind.Delay, 10), (FaultKind.Trickle, 6), (FaultKind.DropAnswers, 18), (FaultKind.ResetAnswers, 10),
        (FaultKind.Answer, 14), (FaultKind.SkewClock, 6), (FaultKind.KillPod, 16), (FaultKind.StopNode, 2), (FaultKind.StopPostgres, 4),
    ];

    /// <summary>The plan of a seed.</summary>
    public static ChaosPlan Generate(int seed)
    {
        var dice = new Randomness(seed);
        var invoices = 5 + dice.Next(36);
        var refused = dice.Next(3) == 0 ? 1 + dice.Next(3) : 0;
        var calls = new List<ChaosCall>();
        for (var call = 1 + dice.Next(4); call > 0; call--)
            calls.Add(new ChaosCall(Milliseconds(dice, 0, 250), dice.Next(Replicas)));
        var faults = new List<ScheduledFault>();
        for (var fault = 1 + dice.Next(4); fault > 0; fault--)
            faults.Add(Fault(dice));
        return new ChaosPlan
        {
            Seed = seed,
            Invoices = Invoices(seed, invoices, refused),
            Calls = [.. calls.OrderBy(call => call.At)],
            Faults = [.. faults.OrderBy(fault => fault.At)],
        };
    }

    /// <summary>The invoices of a seed, the first of them refused.</summary>
    public static IReadOnlyList<ChaosInvoice> Invoices(int seed, int count, int refused)
    {
        var dice = new Randomness(seed);
        return [.. Enumerable.Range(0, count).Select(number =>
        {
            var (currency, decimals) = Currencies[dice.Next(Currencies.Length)];
            return new ChaosInvoice($"n{number:00000}", new decimal(1 + dice.Next(10_000_000), 0, 0, false, (byte)decimals), currency, number < refused);
        })];
    }

    private static ScheduledFault Fault(Randomness dice)
    {
        var kind = Kind(dice);
        var (from, to) = dice.Next(10) switch
        {
            < 6 => (Some(dice, App), Some(dice, Provider)),
            < 8 => (Some(dice, App), InvoicesDatabase),
            _ => (Some(dice, Provider), PaymentsDatabase),
        };
        var fault = new ScheduledFault { Kind = kind, At = Milliseconds(dice, 0, 250), For = Milliseconds(dice, 50, 400), From = from, To = to };
        switch (kind)
        {
            case FaultKind.Partition:
                return fault with { Direction = (PartitionDirection)dice.Next(3) };
            case FaultKind.Delay:
                return fault with { By = Milliseconds(dice, 1, 120), Jitter = Milliseconds(dice, 0, 40), Seed = dice.Next(1000) };
            case FaultKind.Trickle:
                return fault with { BytesPerSecond = 200 + dice.Next(4000) };
            case FaultKind.DropAnswers:
                return dice.Next(2) == 0 ? fault with { Count = 1 + dice.Next(8), Skip = dice.Next(6) } : fault with { Chance = (1 + dice.Next(9)) / 10.0, Seed = dice.Next(1000) };
            case FaultKind.ResetAnswers:
                return fault with { AfterBytes = 1 + dice.Next(200), Count = 1 + dice.Next(8), Skip = dice.Next(6) };
            case FaultKind.Answer:
                return fault with
                {
                    From = Some(dice, App),
                    To = Some(dice, Provider),
                    Status = ((int[])[500, 502, 503, 504, 429, 408])[dice.Next(6)],
                    CarriedOut = dice.Next(2) == 0,
                    Chance = (1 + dice.Next(9)) / 10.0,
                    Seed = dice.Next(1000),
                };
            case FaultKind.SkewClock:
                return fault with { From = null, To = null, Pods = Some(dice, dice.Next(2) == 0 ? App : Provider), By = TimeSpan.FromSeconds(dice.Next(7200) - 3600) };
            case FaultKind.KillPod:
                return fault with { From = null, To = null, For = null, Pods = dice.Next(8) switch { < 5 => $"{App}#{dice.Next(Replicas)}", < 7 => $"{Provider}#{dice.Next(Replicas)}", _ => dice.Next(2) == 0 ? InvoicesDatabase : PaymentsDatabase } };
            case FaultKind.StopNode:
                return fault with { From = null, To = null, Node = $"node-{1 + dice.Next(3)}" };
            default:
                return fault with { From = null, To = null };
        }
    }

    private static FaultKind Kind(Randomness dice)
    {
        var drawn = dice.Next(Kinds.Sum(kind => kind.Weight));
        foreach (var (kind, weight) in Kinds)
        {
            if (drawn < weight)
                return kind;
            drawn -= weight;
        }
        throw new InvalidOperationException("the weights do not add up");
    }

    private static string Some(Randomness dice, string workload) => dice.Next(2) == 0 ? workload : $"{workload}#{dice.Next(Replicas)}";

    private static TimeSpan Milliseconds(Randomness dice, int from, int to) => TimeSpan.FromMilliseconds(from + dice.Next(to - from));
}
