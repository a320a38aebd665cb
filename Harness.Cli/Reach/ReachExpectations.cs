using System.Text.Json.Nodes;
using ClusterSim.Json;
using ClusterSim.Manifests;
using ClusterSim.Network.Policies;
using Harness.Commands;
using Harness.Kube;

namespace Harness.Reach;

/// <summary>The connections that a file expects to be allowed and denied. docs/reach.md describes the format.</summary>
public sealed class ReachExpectations
{
    private const int Https = 443;
    private const string EveryPort = "*";

    private readonly IReadOnlyList<string> _namespaces;
    private readonly IReadOnlyList<Rule> _rules;
    private readonly bool? _default;
    private readonly EachEnd _eachEnd;

    private ReachExpectations(IReadOnlyList<string> namespaces, IReadOnlyList<Rule> rules, bool? byDefault, EachEnd eachEnd)
    {
        _namespaces = namespaces;
        _rules = rules;
        _default = byDefault;
        _eachEnd = eachEnd;
    }

    /// <summary>Reads a file of expectations.</summary>
    /// <param name="text">The content of the file.</param>
    /// <param name="source">The name of the file, for errors.</param>
    /// <exception cref="CommandException">A field is unknown or wrong; the message names the file, the field and the value expected.</exception>
    public static ReachExpectations Read(string text, string source)
    {
        JsonObject said;
        try
        {
            said = KubernetesYaml.ReadObject(text, source);
        }
        catch (ManifestException unreadable)
        {
            throw new CommandException(unreadable.Message);
        }
        Refuse(said, source, ["default", "namespaces", "allow", "deny", "eachEnd", "admitted", "sent"]);
        var byDefault = (KubeJson.TextOf(said, "default") ?? "deny") switch
        {
            "deny" => (bool?)false,
            "allow" => true,
            "any" => null,
            var other => throw new CommandException($"{source}: default: \"{other}\" is not known; write deny, allow, or any for what is not listed to go unchecked"),
        };
        var eachEnd = new EachEnd(
            Texts(said["eachEnd"], $"{source}: eachEnd"), [.. Rules(said, "admitted", true, source)], [.. Rules(said, "sent", true, source)]);
        if (eachEnd.Namespaces.Count == 0 && eachEnd.Exceptions.Any())
            throw new CommandException($"{source}: admitted and sent are exceptions from eachEnd, which is not there");
        return new ReachExpectations(
            Texts(said["namespaces"], $"{source}: namespaces"), [.. Rules(said, "allow", true, source), .. Rules(said, "deny", false, source)], byDefault, eachEnd);
    }

    /// <summary>Returns what the NetworkPolicies of manifests decide otherwise than expected, each with the reason.</summary>
    /// <exception cref="CommandException">A manifest has errors.</exception>
    public IReadOnlyList<string> Differences(IReadOnlyList<Manifest> manifests) => Differences(ReachManifests.Read(manifests), out _);

    /// <summary>What differs from what is expected, each with the reason; nothing where all is as expected.</summary>
    /// <param name="input">What is there. Asked are also pods that nobody deployed, on both ends.</param>
    /// <param name="checked">How many connections were compared.</param>
    internal IReadOnlyList<string> Differences(ReachInput input, out int @checked)
    {
        var report = ReachAnalysis.Analyse(input, Strangers.OnBothEnds, _rules.Where(rule => rule.To == ReachParty.OutsideName).SelectMany(rule => rule.Ports).Select(Number).Append(Https));
        var differences = new List<string>();
        var used = new HashSet<Rule>(ReferenceEqualityComparer.Instance);
        @checked = 0;
        foreach (var connection in report.Connections)
        {
            // A pod reaches itself whatever anybody says.
            if (!connection.To.IsOwn && connection.From == connection.To.Party && connection.From.Kind == "Pod")
                continue;
            if (!connection.Verdict.IsAllowed)
                differences.AddRange(_eachEnd.Differences(connection, used).Select(difference => $"{Arrow(connection)}: {difference}"));
            if (!IsConcerned(connection))
                continue;
            var meant = _rules.Where(rule => rule.Means(connection)).ToList();
            used.UnionWith(meant);
            if (meant.Find(rule => rule.Allow) is { } yes && meant.Find(rule => !rule.Allow) is { } no)
            {
                differences.Add($"{Arrow(connection)}: {yes.Place} and {no.Place} contradict each other");
                continue;
            }
            // What is allowed by default are the ports there are.
            if ((meant.Count > 0 ? meant[0].Allow : _default == true && !connection.To.IsOwn ? null : _default) is not { } expected)
                continue;
            @checked++;
            if (connection.Verdict.IsAllowed != expected)
                differences.Add($"{Arrow(connection)}: expected to be {(expected ? "allowed" : "denied")} ({(meant.Count > 0 ? meant[0].Place : "default")}), but {connection.Verdict.Reason}");
        }
        foreach (var rule in _rules.Concat(_eachEnd.Exceptions))
            if (!used.Contains(rule))
                differences.Add($"{rule.Place}: {rule} speaks of no connection there is: known are {Known(report)}");
        return differences;

        static int Number(string port) => int.TryParse(port.Split('/')[0], out var number) ? number : 0;

        static string Arrow(ReachConnection connection) => $"{connection.From.Name} → {connection.To}";
    }

    private static string Known(ReachReport report) =>
        $"from {string.Join(", ", report.Sources.Select(source => source.Name))}; to {string.Join(", ", report.Targets.Select(target => target.Party.Name).Distinct(StringComparer.Ordinal))}";

    private bool IsConcerned(ReachConnection connection) => _namespaces.Count == 0
        || (connection.From.Namespace is { } from && _namespaces.Contains(from)) || (connection.To.Party.Namespace is { } to && _namespaces.Contains(to));

    private static IEnumerable<Rule> Rules(JsonObject said, string field, bool allow, string source)
    {
        if (said[field] is null)
            yield break;
        if (said[field] is not JsonArray list)
            throw new CommandException($"{source}: {field} must be a list");
        for (var index = 0; index < list.Count; index++)
        {
            var place = $"{field}[{index}]";
            if (list[index] is not JsonObject rule)
                throw new CommandException($"{source}: {place}: must have from and to, and may have ports");
            Refuse(rule, $"{source}: {place}", ["from", "to", "ports"]);
            yield return new Rule(place, allow, Required("from"), Required("to"), Texts(rule["ports"], $"{source}: {place}.ports"));

            string Required(string name) => KubeJson.TextOf(rule, name)
                ?? throw new CommandException($"{source}: {place}: {name} is missing: write namespace/workload, with * for any part, or {ReachParty.OutsideName}");
        }
    }

    private static IReadOnlyList<string> Texts(JsonNode? node, string place) => node switch
    {
        null => [],
        JsonArray list => [.. list.Select(item => item?.ToString() ?? "")],
        _ => throw new CommandException($"{place} must be a list"),
    };

    private static void Refuse(JsonObject said, string place, ReadOnlySpan<string> known)
    {
        foreach (var (name, _) in said)
            if (!known.Contains(name))
                throw new CommandException($"{place}: unknown field \"{name}\"; known are {string.Join(", ", known)}");
    }

    /// <summary>
    /// Namespaces that must not rely on others' policies: where a connection is denied, each end in one of them has to deny it by its own.
    /// </summary>
    /// <param name="Namespaces">The namespaces.</param>
    /// <param name="Admitted">The connections that the called end may let in all the same.</param>
    /// <param name="Sent">The connections that the calling end may let out all the same.</param>
    private sealed record EachEnd(IReadOnlyList<string> Namespaces, IReadOnlyList<Rule> Admitted, IReadOnlyList<Rule> Sent)
    {
        public IEnumerable<Rule> Exceptions => Admitted.Concat(Sent);

        public IEnumerable<string> Differences(ReachConnection connection, HashSet<Rule> used)
        {
            if (Lets(PolicyType.Ingress, connection.To.Party, Admitted))
                yield return $"{connection.To.Party.Name} lets it in, and only the other end's policies deny it (eachEnd)";
            if (Lets(PolicyType.Egress, connection.From, Sent))
                yield return $"{connection.From.Name} lets it out, and only the other end's policies deny it (eachEnd)";

            bool Lets(PolicyType direction, ReachParty end, IReadOnlyList<Rule> exceptions)
            {
                if (end.Pod is not { } pod || !Namespaces.Contains(pod.Namespace) || !connection.Verdict.IsAllowedBy(direction))
                    return false;
                var meant = exceptions.Where(rule => rule.Means(connection)).ToList();
                used.UnionWith(meant);
                return meant.Count == 0;
            }
        }
    }

    private sealed record Rule(string Place, bool Allow, string From, string To, IReadOnlyList<string> Ports)
    {
        public bool Means(ReachConnection connection) =>
            ReachName.Matches(From, connection.From.Name) && ReachName.Matches(To, connection.To.Party.Name)
            && (Ports.Count == 0 ? connection.To.IsOwn || !Allow : Ports.Any(port => port is EveryPort || port == connection.To.Port.ToString() || $"{port}/TCP" == connection.To.Port.ToString()));

        public override string ToString() => $"{From} → {To}{(Ports.Count == 0 ? "" : $":{string.Join(',', Ports)}")}";
    }
}
