using System.Text.Json.Nodes;

namespace ClusterSim.Patching;

/// <summary>JSON Merge Patch (RFC 7386): null removes, objects merge, all else replaces.</summary>
internal static class MergePatch
{
    /// <summary>The object with the patch laid over it; neither is changed.</summary>
    public static JsonObject Apply(JsonObject document, JsonObject patch)
    {
        var result = (JsonObject)document.DeepClone();
        Lay(result, patch);
        return result;
    }

    private static void Lay(JsonObject target, JsonObject patch)
    {
        foreach (var (name, value) in patch)
        {
            switch (value)
            {
                case null:
                    target.Remove(name);
                    break;
                case JsonObject map:
                    if (target[name] is not JsonObject inner)
                        target[name] = inner = [];
                    Lay(inner, map);
                    break;
                default:
                    target[name] = value.DeepClone();
                    break;
            }
        }
    }
}
