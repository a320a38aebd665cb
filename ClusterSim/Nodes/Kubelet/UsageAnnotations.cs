using System.Text.Json;

namespace ClusterSim.Nodes;

/// <summary>
/// What pods and nodes are said to use, by annotations on them: <c>clustersim/usage-cpu: 250m</c>, <c>clustersim/usage-memory: 64Mi</c>; for a pod of
/// several containers each by its name, <c>app=250m,sidecar=10m</c>. So that <c>kubectl annotate</c> is enough to make an autoscaler act.
/// </summary>
internal static class UsageAnnotations
{
    /// <summary>What all of them begin with; the resource's name follows.</summary>
    public const string Prefix = "clustersim/usage-";

    /// <summary>The resources that there are metrics of.</summary>
    public static IReadOnlyList<string> Resources { get; } = ["cpu", "memory"];

    /// <summary>What the metadata says of a resource; null where it says nothing, or nothing of that container.</summary>
    /// <param name="metadata">The pod's or node's metadata.</param>
    /// <param name="resource"><c>cpu</c> or <c>memory</c>.</param>
    /// <param name="container">The container; null for a node, or for a pod's only one.</param>
    /// <param name="isOnly">Whether the pod has no other container, so that a value without a name is its.</param>
    public static Quantity? Read(JsonElement metadata, string resource, string? container, bool isOnly)
    {
        if (metadata.At("annotations").At(Prefix + resource).Text() is not { } text)
            return null;
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if ((equals < 0 ? isOnly : part[..equals] == container) && Quantity.TryParse(part[(equals + 1)..], out var usage, out _))
                return usage;
        }
        return null;
    }

    /// <summary>What is wrong with an annotation's value; null where nothing is.</summary>
    /// <param name="text">The value.</param>
    /// <param name="containers">The pod's containers; empty for a node.</param>
    /// <param name="sidecars">Its restartable init containers, which may be told of and need not.</param>
    public static string? Complaint(string text, IReadOnlyList<string> containers, IReadOnlyList<string> sidecars)
    {
        string[] all = [.. containers, .. sidecars];
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 && containers.Count > 1)
                return $"the pod has {containers.Count} containers: say of which, as {string.Join(',', containers.Select(name => $"{name}=100m"))}";
            if (equals >= 0 && !all.Contains(part[..equals], StringComparer.Ordinal))
                return $"there is no container \"{part[..equals]}\"; there {(all.Length == 1 ? "is" : "are")} {string.Join(", ", all)}";
            if (!Quantity.TryParse(part[(equals + 1)..], out var usage, out var complaint))
                return complaint;
            if (usage.Sign < 0)
                return "must be greater than or equal to 0";
        }
        return null;
    }
}
