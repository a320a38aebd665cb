using ClusterSim;
using ClusterSim.Json;

namespace Tests.Unit.ClusterSim;

/// <summary>Waits for pods that no workload has, of which <see cref="SimulatedCluster.ReadyAsync"/> knows nothing.</summary>
internal static class PodWaits
{
    /// <summary>Until every pod of the cluster is Ready.</summary>
    public static Task PodsReadyAsync(this SimulatedCluster cluster, TimeSpan limit) => cluster.UntilAsync(
        () => cluster.List("pods").All(pod => pod.At("status", "conditions").Items().Any(condition => condition.At("type").Text() == "Ready" && condition.At("status").Text() == "True")),
        limit);
}
