using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Nodes;
using ClusterSim.Objects;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Metrics;

/// <summary>
/// <c>metrics.k8s.io/v1beta1</c> <c>pods</c>: a sample for each pod that runs and of each of whose containers CPU and memory are known; of its sidecars
/// those are in it that are known. As from metrics-server, the others are absent from lists and 404 by name.
/// </summary>
internal sealed class PodMetricsResource(VersionedStore store, ClusterMetrics metrics, TimeProvider clock) : IComputedResource
{
    private static readonly GroupResource Pods = new("", "pods");

    /// <inheritdoc/>
    public ResourceType Type { get; } = MetricsApi.TypeOf("pods", "PodMetrics", namespaced: true);

    /// <inheritdoc/>
    public Document Get(ObjectKey key)
    {
        var pod = store.Find(Pods, key) ?? throw KubernetesApiException.NotFound(Pods, key.Name);
        return Sample(pod) ?? throw KubernetesApiException.NotFound(new(MetricsApi.Group, "podmetrics"), key.ToString());
    }

    /// <inheritdoc/>
    public IEnumerable<Document> List(string? @namespace) => store.Current(Pods).All(@namespace).Select(Sample).OfType<Document>();

    private Document? Sample(Document pod)
    {
        var containers = new JsonArray();
        foreach (var container in pod.Spec.At("containers").Items())
        {
            if (Sample(pod, container) is not { } sample)
                return null;
            containers.Add((JsonNode)sample);
        }
        foreach (var sidecar in pod.Spec.Sidecars())
            if (Sample(pod, sidecar) is { } sample)
                containers.Add((JsonNode)sample);
        return MetricsApi.Sample(Type, pod, clock.GetUtcNow(), ("containers", containers));
    }

    private JsonObject? Sample(Document pod, JsonElement container)
    {
        var usage = new JsonObject();
        foreach (var resource in UsageAnnotations.Resources)
        {
            if (metrics.UsageOf(pod, resource, container.At("name").Text("")) is not { } used)
                return null;
            usage[resource] = used.ToString();
        }
        return Object(("name", container.At("name").Text("")), ("usage", usage));
    }
}
