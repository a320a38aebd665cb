using System.Text.Json;

namespace ClusterSim.CustomResources;

/// <summary>What users of a deprecated version of a custom resource are told.</summary>
internal static class Deprecation
{
    /// <summary>The sentence; null where the version is not deprecated.</summary>
    public static string? Of(JsonElement spec, JsonElement version)
    {
        if (!version.At("deprecated").Flag(false))
            return null;
        if (version.At("deprecationWarning").Text() is { } own)
            return own;
        var group = spec.At("group").Text("");
        var kind = spec.At("names", "kind").Text("");
        var name = version.At("name").Text("");
        var instead = spec.At("versions").Items()
            .Where(other => other.At("served").Flag(false) && !other.At("deprecated").Flag(false))
            .Select(other => other.At("name").Text(""))
            .Where(other => ApiVersionOrder.Instance.Compare(name, other) < 0)
            .OrderByDescending(other => other, ApiVersionOrder.Instance)
            .FirstOrDefault();
        return $"{group}/{name} {kind} is deprecated{(instead is null ? "" : $"; use {group}/{instead} {kind}")}";
    }
}
