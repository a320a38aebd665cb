using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ClusterSim.Tests.Fidelity;

/// <summary>
/// Hides what no two servers have in common (uids, times, versions, generated names, addresses) and compares the rest. The recordings
/// were masked by the same rules when they were made.
/// </summary>
internal static partial class Masking
{
    private static readonly HashSet<string> Masked = new(
    [
        "uid", "resourceVersion", "creationTimestamp", "time", "lastTransitionTime", "lastUpdateTime", "lastProbeTime", "deletionTimestamp",
        "firstTimestamp", "lastTimestamp", "eventTime", "clusterIP", "continue", "nodePort", "healthCheckNodePort", "token", "storageVersionHash",
        "expirationTimestamp", "pod-template-hash", "controller-revision-hash",
    ], StringComparer.Ordinal);

    /// <summary>The value with what differs from run to run hidden.</summary>
    public static JsonNode? Mask(JsonNode? value, string? key = null)
    {
        if (key is not null && Masked.Contains(key) && value is JsonValue)
            return $"<{key}>";
        switch (value)
        {
            case JsonArray addresses when key == "clusterIPs":
                return new JsonArray([.. addresses.Select(_ => (JsonNode?)"<clusterIP>")]);
            case JsonArray entries when key == "managedFields":
                return new JsonArray([.. entries.Select(entry => Mask(entry)!).Where(entry => (string?)entry["manager"] != "kube-controller-manager")
                    .OrderBy(entry => new JsonArray(entry["manager"]?.DeepClone(), entry["operation"]?.DeepClone(), entry["subresource"]?.DeepClone()).ToJsonString(), StringComparer.Ordinal)]);
            case JsonArray cells when key == "cells":
                return new JsonArray([.. cells.Select(cell => Mask(cell) is { } masked && masked.GetValueKind() == JsonValueKind.String
                    ? Age().Replace(masked.GetValue<string>(), "<age>") : Mask(cell))]);
            case JsonArray list:
                return new JsonArray([.. list.Select(item => Mask(item))]);
            case JsonObject fields:
                var result = new JsonObject();
                foreach (var (name, field) in fields)
                    result[Uid().Replace(name, "<uid>")] = Mask(field, name);
                return result;
            case JsonValue text when text.GetValueKind() == JsonValueKind.String:
                return Mask(text.GetValue<string>());
            default:
                return value?.DeepClone();
        }
    }

    /// <summary>Where the two differ, one line a place; nothing where they are the same. Fields whose value is null count.</summary>
    public static IEnumerable<string> Differences(JsonNode? want, JsonNode? got, string at = "")
    {
        if (want is JsonObject wanted && got is JsonObject found)
        {
            foreach (var name in wanted.Concat(found).Select(field => field.Key).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
                if (!found.ContainsKey(name))
                    yield return $"{at}.{name}: missing (want {Shown(wanted[name])})";
                else if (!wanted.ContainsKey(name))
                    yield return $"{at}.{name}: unexpected ({Shown(found[name])})";
                else
                    foreach (var difference in Differences(wanted[name], found[name], $"{at}.{name}"))
                        yield return difference;
        }
        else if (want is JsonArray wantedItems && got is JsonArray foundItems)
        {
            if (wantedItems.Count != foundItems.Count)
                yield return $"{at}: {foundItems.Count} items, want {wantedItems.Count}";
            for (var i = 0; i < Math.Min(wantedItems.Count, foundItems.Count); i++)
                foreach (var difference in Differences(wantedItems[i], foundItems[i], $"{at}[{i}]"))
                    yield return difference;
        }
        else if (!JsonNode.DeepEquals(want, got))
        {
            yield return $"{at}: {Shown(got)}, want {Shown(want)}";
        }
    }

    private static string Mask(string text)
    {
        text = Stamp().Replace(text, "<time>");
        text = Version().Replace(text, "$1<rv>");
        text = Uid().Replace(text, "<uid>");
        text = Workload().Replace(text, "$1-<suffix>");
        text = Access().Replace(text, "$1-<suffix>");
        return Address().Replace(text, "<clusterIP>");
    }

    private static string Shown(JsonNode? value) => value?.ToJsonString() is { } text ? text.Length > 200 ? text[..200] : text : "null";

    [GeneratedRegex(@"((?:resource ?[vV]ersion[^0-9]{0,4}|current: ))\d+", RegexOptions.None, 1000)]
    private static partial Regex Version();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", RegexOptions.None, 1000)]
    private static partial Regex Uid();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", RegexOptions.None, 1000)]
    private static partial Regex Stamp();

    [GeneratedRegex(@"\b(web|db|roll|gen)-[a-z0-9]{5,10}(-[a-z0-9]{5})?\b", RegexOptions.None, 1000)]
    private static partial Regex Workload();

    [GeneratedRegex(@"\b(kube-api-access|solo)-[a-z0-9]{5}\b", RegexOptions.None, 1000)]
    private static partial Regex Access();

    [GeneratedRegex(@"\b10\.(43|96)\.\d+\.\d+\b", RegexOptions.None, 1000)]
    private static partial Regex Address();

    [GeneratedRegex(@"^(<invalid>|\d+[smhd])+$", RegexOptions.None, 1000)]
    private static partial Regex Age();
}
