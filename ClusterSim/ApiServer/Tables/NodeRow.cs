using System.Text.Json;
using System.Text.Json.Nodes;
using static ClusterSim.Tables.Cells;

namespace ClusterSim.Tables;

/// <summary>A node's row (<c>printNode</c>).</summary>
internal static class NodeRow
{
    private const string RoleLabel = "node-role.kubernetes.io/";

    /// <summary>Name, status, roles, age, version, addresses, operating system, kernel, runtime.</summary>
    public static JsonArray Print(JsonElement o, DateTimeOffset now)
    {
        var status = o.At("status");
        var ready = status.At("conditions").Items().FirstOrDefault(condition => condition.At("type").Text() == "Ready");
        var state = !ready.Exists() ? "Unknown" : ready.At("status").Text() == "True" ? "Ready" : "NotReady";
        if (o.At("spec", "unschedulable").Flag(false))
            state += ",SchedulingDisabled";
        var roles = o.At("metadata", "labels").Fields()
            .Select(label => label.Name.StartsWith(RoleLabel, StringComparison.Ordinal) ? label.Name[RoleLabel.Length..] : label.Name == "kubernetes.io/role" ? label.Value.Text("") : "")
            .Where(role => role.Length > 0).Order(StringComparer.Ordinal);
        var info = status.At("nodeInfo");
        return
        [
            Rows.Name(o), state, Joined(roles), Age(o, now), info.At("kubeletVersion").Text(""),
            Address(status, "InternalIP"), Address(status, "ExternalIP"), OrUnknown(info.At("osImage")), OrUnknown(info.At("kernelVersion")), OrUnknown(info.At("containerRuntimeVersion")),
        ];
    }

    private static string Address(JsonElement status, string type) =>
        OrNone(status.At("addresses").Items().FirstOrDefault(address => address.At("type").Text() == type).At("address").Text());

    private static string OrUnknown(JsonElement text) => text.Text() is { Length: > 0 } known ? known : Unknown;
}
