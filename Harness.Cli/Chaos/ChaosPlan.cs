using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Faults.Schedules;
using ClusterSim.Manifests;
using Harness.Commands;

namespace Harness.Chaos;

/// <summary>An invoice of a run.</summary>
/// <param name="Id">Its id; the run puts its own number in front.</param>
/// <param name="Value">How much.</param>
/// <param name="Currency">The ISO 4217 code.</param>
/// <param name="IsRefused">Whether the provider refuses it, as long as the schedule runs and after.</param>
public sealed record ChaosInvoice(string Id, decimal Value, string Currency, bool IsRefused);

/// <summary>A call to pay.</summary>
/// <param name="At">When, from the start.</param>
/// <param name="Replica">Which replica is asked, in the order of their names.</param>
public sealed record ChaosCall(TimeSpan At, int Replica);

/// <summary>What a run is given: invoices, calls to pay, faults. The format of its file is docs/chaos.md's.</summary>
public sealed record ChaosPlan
{
    /// <summary>The most invoices a file may ask for.</summary>
    public const int InvoicesMax = 10_000;

    /// <summary>The seed it was generated from; with a file, the seed of its invoices.</summary>
    public required int Seed { get; init; }

    /// <summary>The invoices.</summary>
    public required IReadOnlyList<ChaosInvoice> Invoices { get; init; }

    /// <summary>The calls to pay.</summary>
    public required IReadOnlyList<ChaosCall> Calls { get; init; }

    /// <summary>What goes wrong.</summary>
    public required IReadOnlyList<ScheduledFault> Faults { get; init; }

    /// <summary>Reads a file. Fields: <c>seed</c>, <c>invoices</c>, <c>refused</c>, <c>calls</c>, <c>faults</c>.</summary>
    /// <exception cref="CommandException">It says what it may not.</exception>
    public static ChaosPlan Read(byte[] utf8, string source)
    {
        try
        {
            var said = ManifestFiles.ReadObject(utf8, source);
            foreach (var (key, _) in said)
                if (key is not ("seed" or "invoices" or "refused" or "calls" or "faults"))
                    throw new FormatException($"{source}: {key}: not known; should be seed, invoices, refused, calls or faults");
            var seed = Whole(said["seed"], 1, $"{source}: seed", 0, int.MaxValue);
            var count = Whole(said["invoices"], 20, $"{source}: invoices", 1, InvoicesMax);
            var refused = Whole(said["refused"], 0, $"{source}: refused", 0, count);
            var calls = said["calls"] switch
            {
                null => [new ChaosCall(TimeSpan.Zero, 0)],
                JsonArray list => list.Select((call, index) => Call(call, $"{source}: calls[{index}]")).ToList(),
                var other => throw new FormatException($"{source}: calls: found {other.ToJsonString()}, should be a list of {{ at, replica }}"),
            };
            return new ChaosPlan
            {
                Seed = seed,
                Invoices = ChaosGenerator.Invoices(seed, count, refused),
                Calls = calls,
                Faults = FaultScheduleYaml.Read(said["faults"], $"{source}: faults"),
            };
        }
        catch (Exception wrong) when (wrong is FormatException or ManifestException)
        {
            throw new CommandException(wrong.Message);
        }
    }

    /// <summary>As <see cref="Read"/> reads it.</summary>
    public string ToYaml()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"seed: {Seed}\ninvoices: {Invoices.Count}\n");
        if (Invoices.Count(invoice => invoice.IsRefused) is > 0 and var refused)
            text.Append(CultureInfo.InvariantCulture, $"refused: {refused}\n");
        text.Append("calls:").Append(Calls.Count == 0 ? " []\n" : "\n");
        foreach (var call in Calls)
            text.Append(CultureInfo.InvariantCulture, $"  - {{ at: {FaultScheduleYaml.Duration(call.At)}, replica: {call.Replica} }}\n");
        return text.Append("faults:").Append(Faults.Count == 0 ? " []\n" : "\n").Append(FaultScheduleYaml.Write(Faults)).ToString();
    }

    private static ChaosCall Call(JsonNode? node, string place)
    {
        if (node is not JsonObject call || call.Any(field => field.Key is not ("at" or "replica")))
            throw new FormatException($"{place}: found {node?.ToJsonString() ?? "nothing"}, should be {{ at: 100ms, replica: 0 }}");
        return new ChaosCall(FaultScheduleYaml.ReadDuration(call["at"], $"{place}.at"), Whole(call["replica"], 0, $"{place}.replica", 0, 99));
    }

    private static int Whole(JsonNode? node, int absent, string place, int from, int to) => node switch
    {
        null => absent,
        _ when node.GetValueKind() == JsonValueKind.Number && int.TryParse(node.ToJsonString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= from && number <= to => number,
        _ => throw new FormatException($"{place}: found {node.ToJsonString()}, should be a whole number from {from} to {to}"),
    };
}
