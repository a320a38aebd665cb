using System.Text.Json;

namespace ClusterSim.CustomResources;

/// <summary>Where an object keeps what its <c>scale</c> subresource shows, as steps from the object.</summary>
/// <param name="Spec">The replicas that are wanted.</param>
/// <param name="Status">The replicas there are.</param>
/// <param name="Selector">The label selector, as text; null where there is none.</param>
internal sealed record ScalePaths(IReadOnlyList<string> Spec, IReadOnlyList<string> Status, IReadOnlyList<string>? Selector)
{
    /// <summary>The paths of the built-in workloads. Their selector is no text.</summary>
    public static ScalePaths BuiltIn { get; } = new(["spec", "replicas"], ["status", "replicas"], null);

    /// <summary>Reads a definition's <c>subresources.scale</c>; null where there is none.</summary>
    public static ScalePaths? Read(JsonElement scale) => scale.Exists()
        ? new ScalePaths(Steps(scale.At("specReplicasPath").Text("")), Steps(scale.At("statusReplicasPath").Text("")), scale.At("labelSelectorPath").Text() is { Length: > 0 } selector ? Steps(selector) : null)
        : null;

    /// <summary>The value at the end of some steps; default where there is none.</summary>
    public static JsonElement At(JsonElement from, IReadOnlyList<string> steps)
    {
        foreach (var step in steps)
            from = from.At(step);
        return from;
    }

    private static IReadOnlyList<string> Steps(string path) => path.TrimStart('.').Split('.');
}
