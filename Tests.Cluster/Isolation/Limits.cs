using System.Text.Json.Nodes;
using ClusterSim.Json;
using Tests.Cluster.Clusters;

namespace Tests.Cluster.Isolation;

/// <summary>What a namespace's quota and limits hold its pods, volumes and Services to.</summary>
internal static class Limits
{
    private static readonly IReadOnlyList<(string What, string Object, string[] Refusal)> TooMuch =
    [
        ("a pod that asks for 100 CPUs", Pod(1, """{"requests":{"cpu":"100","memory":"1Mi"}}"""), ["exceeded quota: quota, requested: ", "requests.cpu=100"]),
        ("a pod that asks for 5 GiB", Pod(5, """{"requests":{"cpu":"1m","memory":"1Gi"},"limits":{"memory":"1Gi"}}"""), ["exceeded quota: quota, requested: ", "requests.memory=5Gi"]),
        ("a pod that may have 7 GiB", Pod(7, """{"requests":{"cpu":"1m","memory":"1Mi"},"limits":{"memory":"1Gi"}}"""), ["exceeded quota: quota, requested: ", "limits.memory=7Gi"]),
        ("a container that may have 2 GiB", Pod(1, """{"requests":{"cpu":"1m","memory":"1Mi"},"limits":{"memory":"2Gi"}}"""), ["maximum memory usage per Container is 1Gi"]),
        ("a volume of 6 GiB", Claim("6Gi"), ["maximum storage usage per PersistentVolumeClaim is 5Gi"]),
        ("more than 5 GiB of volumes", Claim("5Gi"), ["exceeded quota: quota, requested: ", "requests.storage=5Gi"]),
        ("a node port", Service("NodePort", ""), ["exceeded quota: quota, requested: ", "services.nodeports=1"]),
        ("a load balancer", Service("LoadBalancer", ""","allocateLoadBalancerNodePorts":false"""), ["exceeded quota: quota, requested: ", "services.loadbalancers=1"]),
    ];

    /// <summary>What is not held; nothing where all is.</summary>
    public static async Task<IReadOnlyList<string>> FaultsAsync(ICluster cluster, string @namespace)
    {
        var faults = new List<string>();
        foreach (var (what, text, refusal) in TooMuch)
        {
            var asked = (JsonObject)JsonNode.Parse(text)!;
            asked["metadata"]!["namespace"] = @namespace;
            var refused = (await cluster.AdmitAsync(asked)).Refusal;
            if (refused is null || !Array.TrueForAll(refusal, word => refused.Contains(word, StringComparison.Ordinal)))
                faults.Add($"{what} is not refused for {string.Concat(refusal)}: {refused ?? "admitted"}");
        }
        var silent = await cluster.AdmitAsync(IsolationTests.Pod(@namespace, "silent", "{}"));
        var given = silent.Refusal ?? Said(silent.Object.At("spec", "containers")[0].At("resources"));
        if (given != "asks for 50m and 64Mi, may have 128Mi")
            faults.Add($"a container that says nothing: {given}");
        // A single object cannot be too many: that these are counted has to do.
        foreach (var quota in await cluster.ListAsync("resourcequotas", @namespace))
            foreach (var counted in (string[])["pods", "persistentvolumeclaims"])
                if (!quota.At("status", "used", counted).Exists())
                    faults.Add($"{counted} are not counted");
        return faults;
    }

    private static string Said(System.Text.Json.JsonElement resources) =>
        $"asks for {resources.At("requests", "cpu").Text()} and {resources.At("requests", "memory").Text()}, may have {resources.At("limits", "memory").Text()}";

    private static string Pod(int containers, string resources)
    {
        var pod = IsolationTests.Pod("", "greedy", $$"""{"containers":[{"resources":{{resources}}}]}""");
        var list = (JsonArray)pod["spec"]!["containers"]!;
        for (var number = 1; number < containers; number++)
        {
            var another = list[0]!.DeepClone();
            another["name"] = $"main-{number}";
            list.Add(another);
        }
        return pod.ToJsonString();
    }

    private static string Claim(string storage) =>
        """{"apiVersion":"v1","kind":"PersistentVolumeClaim","metadata":{"name":"large"},"spec":{"accessModes":["ReadWriteOnce"],"resources":{"requests":{"storage":"SIZE"}}}}"""
            .Replace("SIZE", storage, StringComparison.Ordinal);

    private static string Service(string type, string more) =>
        $$$"""{"apiVersion":"v1","kind":"Service","metadata":{"name":"open"},"spec":{"type":"{{{type}}}"{{{more}}},"ports":[{"port":80}]}}""";
}
