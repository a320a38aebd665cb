using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Manifests;
using Harness.Kube;

namespace Tests.Cluster.Clusters;

/// <summary>
/// Says in the manifests where a cluster's API server is, as eng/issuer-egress.sh does for deploy.sh: no portable rule of a NetworkPolicy
/// names it, the endpoints of Service default/kubernetes do.
/// </summary>
internal static class IssuerEgress
{
    private const string Policy = "payment-provider-to-issuer";

    /// <summary>Fills the policy, where the manifests have it.</summary>
    public static async Task FillAsync(IReadOnlyList<Manifest> manifests, KubeClient client)
    {
        if (manifests.FirstOrDefault(manifest => (string?)manifest.Object["kind"] == "NetworkPolicy" && (string?)manifest.Object["metadata"]?["name"] == Policy) is not { } policy)
            return;
        var rules = new JsonArray();
        foreach (var slice in await client.ListAsync(client.Resource("endpointslices"), "default", "kubernetes.io/service-name=kubernetes"))
            rules.Add(Rule(slice));
        if (rules.Count == 0)
            throw new InvalidOperationException("Service default/kubernetes has no endpoints: this cluster does not say where its API server is");
        policy.Object["spec"]!["egress"] = rules;
    }

    private static JsonObject Rule(JsonElement slice) => new()
    {
        ["to"] = new JsonArray([.. slice.GetProperty("endpoints").EnumerateArray().Select(endpoint => Block(endpoint.GetProperty("addresses")[0].GetString()!))]),
        ["ports"] = new JsonArray(new JsonObject { ["protocol"] = "TCP", ["port"] = slice.GetProperty("ports")[0].GetProperty("port").GetInt32() }),
    };

    private static JsonObject Block(string address) =>
        new() { ["ipBlock"] = new JsonObject { ["cidr"] = address.Contains(':', StringComparison.Ordinal) ? $"{address}/128" : $"{address}/32" } };
}
