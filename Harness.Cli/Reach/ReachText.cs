using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Network.Policies;
using Harness.Kube;

namespace Harness.Reach;

/// <summary>The matrix as text and as JSON.</summary>
internal static class ReachText
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A row for who connects, a column for each port of whom: <c>yes</c> where it is allowed.</summary>
    public static string Matrix(ReachReport report)
    {
        var rows = new List<IReadOnlyList<string>>
        {
            (IReadOnlyList<string>)["", .. report.Targets.Select(target => target.Party.Namespace ?? "")],
            (IReadOnlyList<string>)["FROM", .. report.Targets.Select(target => target.Party.ShortName)],
            (IReadOnlyList<string>)["", .. report.Targets.Select(target => target.Port.ToString())],
        };
        foreach (var from in report.Sources)
            rows.Add([from.Name, .. report.Targets.Select(target => Cell(from, target))]);
        return TablePrinter.Align(rows);

        string Cell(ReachParty from, ReachTarget to) =>
            from.Pod is null && to.Party.Pod is null ? "" : report.Verdict(from, to).IsAllowed ? "yes" : "-";
    }

    /// <summary>A line for each connection, with its reason.</summary>
    public static string Wide(ReachReport report)
    {
        var rows = new List<IReadOnlyList<string>> { (IReadOnlyList<string>)["FROM", "TO", "PORT", "SERVICE", "REACHES", "WHY"] };
        foreach (var (from, to, verdict) in report.Connections)
            rows.Add([from.Name, to.Party.Name, to.Port.ToString(), Or(string.Join(',', to.Port.Services)), verdict.IsAllowed ? "yes" : "no", verdict.Reason]);
        return TablePrinter.Align(rows);

        static string Or(string text) => text.Length == 0 ? "<none>" : text;
    }

    /// <summary>The parties and the connections.</summary>
    public static string Json(ReachReport report)
    {
        var parties = report.Sources.Concat(report.Targets.Select(target => target.Party)).DistinctBy(party => party.Name);
        var answer = KubeJson.Object(
            ("parties", new JsonArray([.. parties.Select(party => KubeJson.Object(("name", party.Name), ("kind", party.Kind), ("pods", party.Pods)))])),
            ("connections", new JsonArray([.. report.Connections.Select(connection => KubeJson.Object(
                ("from", connection.From.Name),
                ("to", connection.To.Party.Name),
                ("port", connection.To.Port.Number),
                ("protocol", connection.To.Port.Protocol.ToString().ToUpperInvariant()),
                ("services", new JsonArray([.. connection.To.Port.Services.Select(service => (JsonNode)service)])),
                ("allowed", connection.Verdict.IsAllowed),
                ("reason", connection.Verdict.Reason)))])));
        return answer.ToJsonString(Readable) + "\n";
    }
}
