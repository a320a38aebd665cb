using Tests.Cluster.Clusters;

namespace Tests.Cluster.Isolation;

/// <summary>What a namespace's quota and limits hold its pods to.</summary>
internal static class Limits
{
    /// <summary>What is not held; nothing where all is.</summary>
    public static async Task<IReadOnlyList<string>> FaultsAsync(ICluster cluster, string @namespace)
    {
        var faults = new List<string>();
        var greedy = IsolationTests.Pod(@namespace, "greedy", """{"containers":[{"resources":{"requests":{"cpu":"100"}}}]}""");
        var large = IsolationTests.Pod(@namespace, "large", """{"containers":[{"resources":{"limits":{"memory":"2Gi"}}}]}""");
        var silent = IsolationTests.Pod(@namespace, "silent", "{}");
        if ((await cluster.AdmitAsync(greedy)).Refusal is not { } overQuota || !overQuota.Contains("exceeded quota", StringComparison.Ordinal))
            faults.Add("a pod that asks for 100 CPUs is not over any quota");
        if ((await cluster.AdmitAsync(large)).Refusal is not { } tooLarge || !tooLarge.Contains("maximum memory usage per Container is 1Gi", StringComparison.Ordinal))
            faults.Add("a container may have 2 GiB");
        var admitted = await cluster.AdmitAsync(silent);
        if (admitted.Refusal is not null || !admitted.Object.GetProperty("spec").GetProperty("containers")[0].GetProperty("resources").TryGetProperty("limits", out _))
            faults.Add($"a container that says nothing gets no limit of memory {admitted.Refusal}");
        return faults;
    }
}
