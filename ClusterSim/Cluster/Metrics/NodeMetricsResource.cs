using System.Text.Json.Nodes;
using ClusterSim.Nodes;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Metrics;

/// <summary>
/// <c>metrics.k8s.io/v1beta1</c> <c>nodes</c>: what was said that a node uses, or else the sum of the pods that run on it if each one's use is known; a
/// node of which neither is known has no sample.
/// </summary>
internal sealed class NodeMetricsResource(VersionedStore store, ClusterMetrics metrics, TimeProvider clock) : IComputedResource
{
    private static readonly GroupResource Nodes = new("", "nodes");
    private static readonly GroupResource Pods = new("", "pods");

    /// <inheritdoc/>
    public ResourceType Type { get; } = MetricsApi.TypeOf("nodes", "NodeMetrics", namespaced: false);

    /// <inheritdoc/>
    public Document Get(ObjectKey key)
    {
        var node = store.Find(Nodes, key) ?? throw KubernetesApiException.NotFound(Nodes, key.Name);
        return Sample(node) ?? throw KubernetesApiException.NotFound(new(MetricsApi.Group, "nodemetrics"), key.Name);
    }

    /// <inheritdoc/>
    public IEnumerable<Document> List(string? @namespace) => store.Current(Nodes).All().Select(Sample).OfType<Document>();

    private Document? Sample(Document node)
    {
        var usage = new JsonObject();
        foreach (var resource in UsageAnnotations.Resources)
        {
            if ((metrics.UsageOf(node, resource) ?? OfPods(node.Name, resource)) is not { } used)
                return null;
            usage[resource] = used.ToString();
        }
        return MetricsApi.Sample(Type, node, clock.GetUtcNow(), ("usage", usage));
    }

    private Quantity? OfPods(string node, string resource)
    {
        Quantity? sum = null;
        foreach (var pod in store.Current(Pods).OnNode(node))
        {
            if (pod.Status.At("phase").Text() != "Running")
                continue;
            if (metrics.UsageOf(pod, resource, container: null) is not { } used)
                return null;
            sum = sum is { } before ? before + used : used;
        }
        return sum;
    }
}
