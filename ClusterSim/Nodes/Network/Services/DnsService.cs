using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Schema;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Network.Services;

/// <summary>
/// The Service <c>kube-system/kube-dns</c>, as kubeadm makes it. The wire itself answers for its pods (<c>k8s-app: kube-dns</c>) unless the
/// cluster runs some: policies see them either way.
/// </summary>
internal static class DnsService
{
    /// <summary>The Service, to be created through the API.</summary>
    public static JsonObject Describe(NetworkOptions options) => Object(
        ("apiVersion", "v1"),
        ("kind", "Service"),
        ("metadata", Object(
            ("name", "kube-dns"),
            ("namespace", "kube-system"),
            ("labels", Object(("k8s-app", "kube-dns"), ("kubernetes.io/cluster-service", "true"), ("kubernetes.io/name", "CoreDNS"))))),
        ("spec", Object(
            ("clusterIP", options.DnsAddress.ToString()),
            ("clusterIPs", new JsonArray(options.DnsAddress.ToString())),
            ("selector", Object(("k8s-app", "kube-dns"))),
            ("ports", new JsonArray(Port("dns", 53, "UDP"), Port("dns-tcp", 53, "TCP"), Port("metrics", 9153, "TCP"))))));

    /// <summary>Creates the Service where it is not there yet; the namespace must be.</summary>
    /// <exception cref="KubernetesApiException">Refused.</exception>
    public static void Ensure(ApiClient client, NetworkOptions options)
    {
        var services = client.Resource("services");
        if (client.Find(services, new ObjectKey("kube-system", "kube-dns")) is null)
            client.Create(services, Describe(options));
    }

    private static JsonObject Port(string name, int port, string protocol) =>
        Object(("name", name), ("port", port), ("protocol", protocol), ("targetPort", port));
}
