using ClusterSim.Json;

namespace Tests.Cluster.Clusters;

/// <summary>A namespace of the tests' own on the cluster under test.</summary>
internal static class TestNamespace
{
    /// <summary>How long the first pod of an image may take: on a real cluster it is pulled.</summary>
    public static readonly TimeSpan ImageLimit = TimeSpan.FromMinutes(5);

    // A real cluster needs a while to find everything that a namespace holds.
    private static readonly TimeSpan EndLimit = TimeSpan.FromMinutes(2);

    /// <summary>Creates it, after the one of an earlier run has ended, and waits until it takes pods.</summary>
    public static async Task CreateAsync(ICluster cluster, string name)
    {
        await Eventually.HoldsAsync(
            async () => (await cluster.ListAsync("namespaces", name)).Where(each => each.At("metadata", "name").Text() == name).ToList(),
            found => found.TrueForAll(each => !each.At("metadata", "deletionTimestamp").Exists()),
            $"the namespace {name} of an earlier run is gone",
            EndLimit);
        // Not in braces alone: kubectl would take it for JSON.
        await cluster.ApplyAsync($"""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: {name}
            """);
        // A pod that comes before its namespace's default service account is refused.
        await Eventually.HoldsAsync(() => cluster.ListAsync("serviceaccounts", name), accounts => accounts.Count > 0, $"the namespace {name} has its default service account");
    }
}
