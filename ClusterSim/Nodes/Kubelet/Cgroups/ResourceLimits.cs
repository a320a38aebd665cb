using System.Text.Json;

namespace ClusterSim.Nodes.Cgroups;

/// <summary>Reads the limits that specs set.</summary>
internal static class ResourceLimits
{
    /// <summary>Returns a quantity in bytes, a maximum where it is larger; null where there is none.</summary>
    public static long? BytesOf(JsonElement quantity, long bytesMax) =>
        quantity.Text() is { } text && Quantity.TryParse(text, out var bytes, out _) ? bytes > Quantity.Of(bytesMax) ? bytesMax : bytes.Value : null;

    /// <summary>Returns the memory that the programs of a container may hold.</summary>
    /// <param name="resources">The container's resources.</param>
    /// <param name="limits">The limits of all programs.</param>
    public static long MemoryOf(JsonElement resources, ProgramLimits limits) =>
        BytesOf(resources.At("limits", "memory"), limits.ContainerMemoryBytesMax) is > 0 and var limit ? limit : limits.ContainerMemoryBytesMax;
}
