using System.Text.Json.Nodes;
using ClusterSim.Requests;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Registry.Subresources;

/// <summary><c>pods/binding</c>: assigns a pod to a node, once (<c>pkg/registry/core/pod/storage</c>).</summary>
internal sealed class PodBinding(ApiServer server) : ISubresource
{
    /// <inheritdoc/>
    public WriteResult Create(in RequestTarget target, JsonObject body, WriteOptions options)
    {
        var node = (body["target"] as JsonObject).Text("name");
        if (string.IsNullOrEmpty(node))
            throw KubernetesApiException.Invalid(new("", "v1", "Binding"), target.Name ?? "", [new("FieldValueRequired", "target.name", "Required value")]);
        var metadata = body["metadata"] as JsonObject;
        var binding = target.Resource.GroupResource with { Resource = "pods/binding" };
        return server.GuaranteedUpdate(target, pod =>
        {
            if (metadata.Text("uid") is { Length: > 0 } uid && uid != pod.Uid)
                throw KubernetesApiException.Conflict(pod.Resource, pod.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {pod.Uid}");
            if (pod.IsDeleting)
                throw KubernetesApiException.Conflict(binding, pod.Name, $"pod {pod.Name} is being deleted, cannot be assigned to a host");
            if (pod.NodeName is { } taken)
                throw KubernetesApiException.Conflict(binding, pod.Name, $"pod {pod.Name} is already assigned to node \"{taken}\"");
            if (pod.Spec.At("schedulingGates").Count() > 0)
                throw KubernetesApiException.Conflict(binding, pod.Name, $"pod {pod.Name} has non-empty .spec.schedulingGates");
            if (!options.DryRun)
                server.Store.Update(pod, Bound(pod, node, metadata));
            return new WriteResult(pod, 201, []) { Answer = Object(("kind", "Status"), ("apiVersion", "v1"), ("metadata", new JsonObject()), ("status", "Success"), ("code", 201)) };
        });
    }

    private JsonObject Bound(Document pod, string node, JsonObject? metadata)
    {
        var @object = pod.ToObject();
        @object.Ensure("spec")["nodeName"] = node;
        foreach (var (name, value) in metadata?["annotations"] as JsonObject ?? [])
            @object.Ensure("metadata").Ensure("annotations")[name] = value?.DeepClone();
        var status = @object.Ensure("status");
        status.Remove("nominatedNodeName");
        var conditions = status["conditions"] as JsonArray;
        if (conditions is null)
            status["conditions"] = conditions = [];
        var scheduled = conditions.OfType<JsonObject>().FirstOrDefault(condition => condition.Text("type") == "PodScheduled");
        if (scheduled is not null)
            conditions.Remove(scheduled);
        var made = Object(("lastTransitionTime", server.Clock.GetUtcNow().Stamp()), ("status", "True"), ("type", "PodScheduled"));
        made["lastProbeTime"] = null;
        made["observedGeneration"] = pod.Metadata.At("generation").ToNode();
        if (made["observedGeneration"] is null)
            made.Remove("observedGeneration");
        conditions.Add((JsonNode)made);
        return @object;
    }
}
