using static Tests.Cluster.Clusters.PayingSystem;

namespace Tests.Cluster.Clusters;

/// <summary>
/// Whether a cluster's network enforces NetworkPolicy at all, and has done so to the end: an open connection is closed by a policy and opened
/// by another. Networks that enforce nothing accept every policy without a word, and others take seconds; a test that finds something
/// unreachable is worth nothing before this holds.
/// </summary>
public static class PolicyEnforcement
{
    /// <summary>The namespace of the check.</summary>
    public const string Namespace = "policy-check";

    private static readonly ProberPod Server = new("server", Namespace, "server");
    private static readonly ProberPod Client = new("client", Namespace, "client");

    /// <summary>Waits until it is seen to work, both ways.</summary>
    /// <param name="cluster">The cluster.</param>
    /// <param name="limit">How long each of the two may take.</param>
    public static async Task AwaitAsync(ICluster cluster, TimeSpan? limit = null)
    {
        await TestNamespace.CreateAsync(cluster, Namespace);
        try
        {
            await cluster.ApplyAsync(Service + Labelled(Server) + Labelled(Client));
            await Eventually.HoldsAsync(
                () => cluster.ListAsync("pods", Namespace), pods => pods.Count == 2 && pods.All(IsReady), "the two pods of the check run", TestNamespace.ImageLimit);
            await BecomesAsync(cluster, Reachability.Reached, "without a policy the server is reached", limit);
            await cluster.ApplyAsync(Deny);
            await BecomesAsync(
                cluster,
                Reachability.NotReachable,
                $"{cluster.Description} enforces NetworkPolicy. It accepts policies and ignores them where its network plugin does not: use kind 0.24 or newer, minikube with --cni=calico, K3s as it comes, or a plugin that does",
                limit);
            await cluster.ApplyAsync(Allow);
            await BecomesAsync(cluster, Reachability.Reached, "a policy that allows opens the way again", limit);
        }
        finally
        {
            await cluster.DeleteAsync("namespaces", null, Namespace);
        }
    }

    private static Task BecomesAsync(ICluster cluster, Reachability wanted, string what, TimeSpan? limit) => Eventually.HoldsAsync(
        () => cluster.ProbeAsync(Client, "server." + Namespace, ProberPod.Port), came => came == wanted, what, limit);

    private static string Labelled(ProberPod pod) => pod.Manifest(new Dictionary<string, string>(StringComparer.Ordinal) { ["app"] = pod.Name });

    private const string Deny = $$"""
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: { name: default-deny, namespace: {{Namespace}} }
        spec: { podSelector: { matchLabels: { app: server } }, policyTypes: [Ingress] }
        """;

    private const string Allow = $$"""
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: { name: allow-client, namespace: {{Namespace}} }
        spec:
          podSelector: { matchLabels: { app: server } }
          policyTypes: [Ingress]
          ingress: [{ from: [{ podSelector: { matchLabels: { app: client } } }], ports: [{ protocol: TCP, port: 8080 }] }]
        """;

    private const string Service = $$"""
        apiVersion: v1
        kind: Service
        metadata: { name: server, namespace: {{Namespace}} }
        spec: { selector: { app: server }, ports: [{ port: 8080 }] }

        """;
}
