using System.Text.Json.Nodes;
using ClusterSim.Json;
using Tests.Cluster.Clusters;

namespace Tests.Cluster.Isolation;

/// <summary>Whether the system's service accounts keep their tokens to themselves.</summary>
internal static class Accounts
{
    /// <summary>The accounts of a namespace that give a pod which does not speak of tokens one for the Kubernetes API.</summary>
    public static async Task<IReadOnlyList<string>> FaultsAsync(ICluster cluster, string @namespace)
    {
        var faults = new List<string>();
        foreach (var account in await cluster.ListAsync("serviceaccounts", @namespace))
        {
            var name = account.At("metadata", "name").Text("");
            // Kubernetes' own, which may do nothing here.
            if (name == "default")
                continue;
            var pod = IsolationTests.Pod(@namespace, "silent", $$"""{"serviceAccountName":"{{name}}"}""");
            ((JsonObject)pod["spec"]!).Remove("automountServiceAccountToken");
            var admitted = await cluster.AdmitAsync(pod);
            if (admitted.Refusal is not null)
                faults.Add($"{name}: {admitted.Refusal}");
            else if (admitted.Object.At("spec", "volumes").Items().Any(volume => volume.At("projected", "sources").Items().Any(source => source.At("serviceAccountToken").Exists())))
                faults.Add($"{name} gives its token to a pod that did not ask for it");
        }
        return faults;
    }
}
