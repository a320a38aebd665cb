using System.Text.Json;
using ClusterSim.Json;

namespace ClusterSim.Validation;

/// <summary>The rules of metadata that all kinds share.</summary>
internal static class ObjectMetaRules
{
    /// <summary>The rules of a new object's metadata.</summary>
    public static IEnumerable<FieldError> Create(JsonElement @object, KindStrategy strategy, bool namespaced)
    {
        if (@object.At("metadata", "name").Text("").Length == 0)
            yield return new("FieldValueRequired", "metadata.name", "Required value: name or generateName is required");
    }

    /// <summary>The rules of changed metadata.</summary>
    public static IEnumerable<FieldError> Update(JsonElement @object, JsonElement old, KindStrategy strategy, bool namespaced) => [];
}
