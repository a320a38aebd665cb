using System.Text.Json;
using ClusterSim.Json;
using ClusterSim.Network.Policies;
using Harness.Kube;

namespace Harness.Reach;

/// <summary>Reads what reachability follows from out of a running cluster, through its API.</summary>
internal static class ReachCluster
{
    /// <summary>Reads namespaces, policies, Services and the pods that have not ended.</summary>
    public static async Task<ReachInput> ReadAsync(KubeClient client, CancellationToken cancellation)
    {
        var namespaces = await ListAsync("namespaces");
        var policies = await ListAsync("networkpolicies.networking.k8s.io");
        var services = await ListAsync("services");
        var pods = await ListAsync("pods");
        var owners = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var kind in (string[])["replicasets.apps", "jobs.batch"])
            foreach (var owner in await ListAsync(kind))
                owners[owner.At("metadata", "uid").Text("")] = owner;

        return new ReachInput(
            namespaces.ToDictionary(
                @namespace => @namespace.At("metadata", "name").Text(""), @namespace => @namespace.At("metadata", "labels").TextMap(), StringComparer.Ordinal),
            [.. policies.Select(NetworkPolicy.Read)],
            [.. pods.Where(pod => pod.At("status", "phase").Text() is not ("Succeeded" or "Failed")).Select(pod => Of(pod, owners))],
            [.. services.Select(ReachReading.Service).OfType<ReachService>()],
            [.. (await ListAsync("endpointslices.discovery.k8s.io")).Where(IsOfApiServer).SelectMany(ReachReading.Endpoints)]);

        Task<IReadOnlyList<JsonElement>> ListAsync(string resource) => client.ListAsync(client.Resource(resource), null, cancellation: cancellation);
    }

    private static bool IsOfApiServer(JsonElement slice) =>
        slice.At("metadata", "namespace").Text() == "default" && slice.At("metadata", "labels").TextMap().GetValueOrDefault("kubernetes.io/service-name") == "kubernetes";

    private static ReachPod Of(JsonElement pod, Dictionary<string, JsonElement> owners)
    {
        var (workload, kind) = (pod.At("metadata", "name").Text(""), "Pod");
        // A Deployment's pod belongs to a ReplicaSet that belongs to the Deployment; a CronJob's to a Job of it.
        for (var member = pod; Controller(member) is { } owner;)
        {
            (workload, kind) = (owner.At("name").Text(""), owner.At("kind").Text(""));
            if (!owners.TryGetValue(owner.At("uid").Text(""), out member))
                break;
        }
        return new ReachPod(PolicyPod.Read(pod), workload, kind);
    }

    private static JsonElement? Controller(JsonElement @object)
    {
        foreach (var owner in @object.At("metadata", "ownerReferences").Items())
            if (owner.At("controller").Flag(false))
                return owner;
        return null;
    }
}
