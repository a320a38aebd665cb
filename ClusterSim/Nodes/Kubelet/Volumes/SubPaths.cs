using System.Text.Json;
using ClusterSim.Nodes.Containers;

namespace ClusterSim.Nodes.Volumes;

/// <summary>The sub-paths of a container's mounts; those of <c>subPathExpr</c> are known only when its environment is (<c>ExpandContainerVolumeMounts</c>).</summary>
internal static class SubPaths
{
    /// <summary>One for each mount, in their order; empty for the whole volume.</summary>
    /// <exception cref="ContainerConfigException">An expression names a variable without a value, or leads out of the volume.</exception>
    public static IReadOnlyList<string> Of(JsonElement container, IReadOnlyDictionary<string, string> environment) =>
        [.. container.At("volumeMounts").Items().Select(mount =>
            mount.At("subPathExpr").Text("") is { Length: > 0 } expression ? Expanded(expression, environment) : mount.At("subPath").Text(""))];

    private static string Expanded(string expression, IReadOnlyDictionary<string, string> environment)
    {
        var missing = new SortedSet<string>(StringComparer.Ordinal);
        var path = VariableExpansion.Expand(expression, name =>
        {
            if (environment.TryGetValue(name, out var value) && value.Length > 0)
                return value;
            missing.Add(name);
            return "";
        });
        if (missing.Count > 0)
            throw new ContainerConfigException($"missing value for {string.Join(", ", missing)}");
        if (path.StartsWith('/'))
            throw new ContainerConfigException($"error SubPath `{path}` must not be an absolute path");
        if (path.Split('/').Contains(".."))
            throw new ContainerConfigException($"unable to provision SubPath `{path}`: must not contain '..'");
        return path;
    }
}
