using ClusterSim.Json;
using Tests.Cluster.Clusters;

namespace Tests.Cluster.Isolation;

/// <summary>
/// What a namespace does about pods that Pod Security <c>restricted</c> forbids: refuses them, warns who writes a workload that would make them,
/// and notes it in the audit log, where there is one.
/// </summary>
internal static class PodSecurityLevels
{
    public const string Expected = "audit: restricted, enforce: restricted, warn: restricted";

    /// <summary>The levels of a namespace, by mode.</summary>
    public static async Task<string> OfAsync(ICluster cluster, string @namespace)
    {
        var labels = (await cluster.ListAsync("namespaces", @namespace)).Single(each => each.At("metadata", "name").Text() == @namespace).At("metadata", "labels").TextMap();
        return string.Join(", ", from mode in (string[])["audit", "enforce", "warn"]
                                 where labels.ContainsKey($"pod-security.kubernetes.io/{mode}")
                                 select $"{mode}: {labels[$"pod-security.kubernetes.io/{mode}"]}");
    }
}
