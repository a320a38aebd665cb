using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;
using ClusterSim.Patching;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Reads and applies JSON 6902 patches.</summary>
internal static class PatchText
{
    /// <summary>The operations of a patch as JSON; null where the text is no list.</summary>
    /// <exception cref="KustomizeException">The text is malformed.</exception>
    public static byte[]? Operations(byte[] utf8, string source)
    {
        try
        {
            var json = YamlConversion.ToJson(utf8, strict: null);
            return JsonElement.Parse(json).ValueKind == JsonValueKind.Array ? json : null;
        }
        catch (Exception ex) when (ex is DecodeException or JsonException)
        {
            throw new KustomizeException($"{source}: {ex.Message}");
        }
    }

    /// <summary>
    /// Applies operations to a resource. Upstream's library adds a field that is to be replaced and is missing, and upstream keeps a renamed resource's
    /// history in its annotations, so that these exist: both are so here.
    /// </summary>
    /// <exception cref="KustomizeException">An operation leads nowhere; the message names it.</exception>
    public static void Apply(Resource resource, byte[] operations)
    {
        var document = (JsonObject)resource.Node.ToJson()!;
        if (resource.HasBuildAnnotations)
            document.Ensure("metadata").Ensure("annotations");
        var at = 0;
        foreach (var operation in JsonElement.Parse(operations).EnumerateArray())
        {
            var applied = operation.ToObject();
            if (applied.Text("op") == "replace" && IsMissingField(document, applied.Text("path") ?? ""))
                applied["op"] = "add";
            try
            {
                document = JsonPatch.Apply(document, new JsonArray(applied).ToUtf8());
            }
            catch (KubernetesApiException)
            {
                throw new KustomizeException(
                    $"{resource.Source}: {resource.CurrentId}: operation {at} ({operation.At("op").Text("?")} {operation.At("path").Text("?")}) does not apply");
            }
            at++;
        }
        resource.SetNode(RNode.FromJson(document));
    }

    private static bool IsMissingField(JsonObject document, string pointer)
    {
        var parts = pointer.Split('/').Skip(1).Select(part => part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)).ToList();
        JsonNode? node = document;
        foreach (var part in parts.SkipLast(1))
            node = node switch
            {
                JsonObject map => map[part],
                JsonArray list when int.TryParse(part, out var index) && index >= 0 && index < list.Count => list[index],
                _ => null,
            };
        return parts.Count > 0 && node is JsonObject parent && !parent.ContainsKey(parts[^1]);
    }
}
