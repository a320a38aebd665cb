using System.Text;
using ClusterSim.Faults.Schedules;
using ClusterSim.Manifests;
using Harness.Commands;

namespace Harness.Chaos;

/// <summary>The input of a run: the load and the faults. docs/chaos.md has the format of its file.</summary>
public sealed record ChaosPlan
{
    private const int SeedDefault = 1;

    /// <summary>The seed that the plan was generated from; in a file, the seed of the load.</summary>
    public required int Seed { get; init; }

    /// <summary>The load.</summary>
    public required ChaosLoad Load { get; init; }

    /// <summary>The faults.</summary>
    public required IReadOnlyList<ScheduledFault> Faults { get; init; }

    /// <summary>Reads a schedule file: <c>seed</c>, the fields of the scenario's load, <c>faults</c>.</summary>
    /// <param name="text">The content of the file.</param>
    /// <param name="source">The name of the file, for errors.</param>
    /// <param name="scenario">The scenario that reads the load.</param>
    /// <param name="servers">The servers that faults may stop.</param>
    /// <exception cref="CommandException">A field is unknown or wrong; the message names it, the value found and the value expected.</exception>
    public static ChaosPlan Read(string text, string source, IChaosScenario scenario, IReadOnlyList<string> servers)
    {
        try
        {
            var schedule = KubernetesYaml.ReadObject(text, source);
            List<string> known = ["seed", .. scenario.LoadFields, "faults"];
            foreach (var (key, _) in schedule)
                if (!known.Contains(key, StringComparer.Ordinal))
                    throw new FormatException($"{source}: {key}: not known; should be {string.Join(", ", known[..^1])} or {known[^1]}");
            var fields = new ScheduleFields(schedule, source);
            var seed = fields.Whole("seed", SeedDefault, 0, int.MaxValue);
            var faults = FaultScheduleYaml.Read(schedule["faults"], $"{source}: faults");
            if (faults.FirstOrDefault(fault => fault.Kind == FaultKind.StopServer && !servers.Contains(fault.Server!, StringComparer.Ordinal)) is { } stop)
                throw new FormatException(
                    $"{source}: faults: {FaultScheduleYaml.NameOf(stop.Kind)}.server: found '{stop.Server}', {(servers.Count == 0 ? "but harness.yaml names no databases" : $"should be {string.Join(" or ", servers)}")}");
            return new ChaosPlan { Seed = seed, Load = scenario.ReadLoad(seed, fields), Faults = faults };
        }
        catch (Exception ex) when (ex is FormatException or ManifestException)
        {
            throw new CommandException(ex.Message);
        }
    }

    /// <summary>Writes the plan as <see cref="Read"/> reads it.</summary>
    public string ToYaml()
    {
        var text = new StringBuilder().Append("seed: ").Append(Seed).Append('\n').Append(Load.ToYaml());
        return text.Append("faults:").Append(Faults.Count == 0 ? " []\n" : "\n").Append(FaultScheduleYaml.Write(Faults)).ToString();
    }
}
