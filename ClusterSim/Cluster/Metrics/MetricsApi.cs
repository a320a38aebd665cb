using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Client;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Metrics;

/// <summary>The API group that metrics-server adds to a cluster.</summary>
internal static class MetricsApi
{
    /// <summary>The group.</summary>
    public const string Group = "metrics.k8s.io";

    private const string Version = "v1beta1";

    // metrics-server's default resolution: over which time a sample is taken.
    private const string Window = "15s";

    /// <summary>Serves the group from these metrics.</summary>
    public static void Install(ApiServer server, ClusterMetrics metrics)
    {
        server.Add(new PodMetricsResource(server.Store, metrics, server.Clock));
        server.Add(new NodeMetricsResource(server.Store, metrics, server.Clock));
    }

    /// <summary>Registers the group as the APIService that metrics-server's manifests make.</summary>
    public static void Register(ApiServer server)
    {
        var client = new ApiClient(server, UserInfo.ApiServer, "metrics-server");
        var services = client.Resource("apiservices", "apiregistration.k8s.io");
        var made = client.Create(services, Object(
            ("apiVersion", "apiregistration.k8s.io/v1"),
            ("kind", "APIService"),
            ("metadata", Object(("name", $"{Version}.{Group}"), ("labels", Object(("k8s-app", "metrics-server"))))),
            ("spec", Object(
                ("service", Object(("name", "metrics-server"), ("namespace", "kube-system"), ("port", 443))),
                ("group", Group), ("version", Version), ("insecureSkipTLSVerify", true), ("groupPriorityMinimum", 100), ("versionPriority", 100))))).ToObject();
        made["status"] = Object(("conditions", new JsonArray(Object(
            ("type", "Available"), ("status", "True"), ("reason", "Passed"), ("message", "all checks passed"), ("lastTransitionTime", server.Clock.GetUtcNow().Stamp())))));
        client.Update(services, made, "status");
    }

    internal static ResourceType TypeOf(string name, string kind, bool namespaced) => new()
    {
        Group = Group,
        Version = Version,
        Name = name,
        SingularName = "",
        Kind = kind,
        Namespaced = namespaced,
        Verbs = ["get", "list"],
    };

    internal static Document Sample(ResourceType type, Document of, DateTimeOffset now, (string, JsonNode?) usage) => Document.Unstored(type.GroupResource, Object(
        ("kind", type.Kind),
        ("apiVersion", type.GroupVersion.ToString()),
        ("metadata", Object(
            ("name", of.Name), ("namespace", of.Namespace), ("creationTimestamp", now.Stamp()), ("labels", of.Metadata.At("labels").ToNode()))),
        ("timestamp", now.Stamp()),
        ("window", Window),
        usage));
}
