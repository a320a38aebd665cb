using System.Text.Json.Nodes;

namespace Tests.Cluster.Isolation;

/// <summary>What an object is without any one of its parts.</summary>
internal static class Mutations
{
    /// <summary>A copy for each field and each element of a list below <paramref name="root"/>, without it; named by the path of what is missing.</summary>
    public static IEnumerable<(string Path, JsonObject Without)> Of(JsonObject whole, string root)
    {
        foreach (var path in Paths(whole[root], root))
        {
            var copy = (JsonObject)whole.DeepClone();
            Remove(copy, path);
            yield return (path, copy);
        }
    }

    /// <summary>Removes what is at a path: fields and places in lists, with dots between.</summary>
    public static void Remove(JsonNode from, string path)
    {
        var at = from;
        var parts = path.Split('.');
        foreach (var part in parts[..^1])
            at = at is JsonArray list ? list[int.Parse(part)]! : at[Plain(part)]!;
        if (at is JsonArray elements)
            elements.RemoveAt(int.Parse(parts[^1]));
        else
            ((JsonObject)at).Remove(Plain(parts[^1]));
    }

    // Labels have dots of their own.
    private static string Plain(string part) => part.Replace('·', '.');

    private static IEnumerable<string> Paths(JsonNode? node, string path)
    {
        if (node is JsonObject fields)
            foreach (var (field, value) in fields)
            {
                var below = $"{path}.{field.Replace('.', '·')}";
                foreach (var found in Paths(value, below).Prepend(below))
                    yield return found;
            }
        if (node is JsonArray list)
            for (var index = 0; index < list.Count; index++)
                foreach (var found in Paths(list[index], $"{path}.{index}").Prepend($"{path}.{index}"))
                    yield return found;
    }
}
