using System.Text.Json.Nodes;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Objects;

/// <summary>Conditions of a status being written: <c>lastTransitionTime</c> moves only when the condition's status changes.</summary>
internal static class Conditions
{
    /// <summary>The condition of that type; null where there is none.</summary>
    public static JsonObject? Find(JsonObject status, string type) =>
        (status["conditions"] as JsonArray)?.OfType<JsonObject>().FirstOrDefault(condition => condition.Text("type") == type);

    /// <summary>
    /// Sets a condition; returns whether anything but times changed. <paramref name="extra"/> fields (lastUpdateTime, observedGeneration…)
    /// are written along.
    /// </summary>
    public static bool Set(
        JsonObject status, string type, string value, string? reason, string? message, DateTimeOffset now, params ReadOnlySpan<(string Name, JsonNode? Value)> extra)
    {
        var before = Find(status, type);
        if (before is not null && before.Text("status") == value && before.Text("reason") == reason && (before.Text("message") ?? "") == (message ?? ""))
            return false;
        var since = before is not null && before.Text("status") == value ? before.Text("lastTransitionTime") ?? now.Stamp() : now.Stamp();
        var condition = Object(("lastTransitionTime", since), ("message", message), ("reason", reason), ("status", value), ("type", type));
        foreach (var (name, field) in extra)
            if (field is not null)
                condition[name] = field;
        if (status["conditions"] is not JsonArray all)
            status["conditions"] = all = [];
        if (before is null)
            all.Add((JsonNode)condition);
        else
            all[all.IndexOf(before)] = condition;
        return true;
    }

    /// <summary>Takes a condition out; returns whether it was there.</summary>
    public static bool Remove(JsonObject status, string type)
    {
        if (Find(status, type) is not { } condition)
            return false;
        var all = (JsonArray)status["conditions"]!;
        all.Remove(condition);
        if (all.Count == 0)
            status.Remove("conditions");
        return true;
    }

    /// <summary>Sets a count that is left out where it is zero.</summary>
    public static void Count(JsonObject status, string name, int value)
    {
        if (value == 0)
            status.Remove(name);
        else
            status[name] = value;
    }
}
