using ClusterSim.Json;
using ClusterSim.Nodes;
using ClusterSim.Storage;

namespace ClusterSim.Api.Streaming;

/// <summary>What the streaming subresources of pods share.</summary>
internal static class Streams
{
    /// <summary>The kubelet that runs the pod.</summary>
    /// <exception cref="ApiException">The pod is not bound, or its node does not answer.</exception>
    public static IKubelet KubeletOf(IKubelets kubelets, Document pod)
    {
        if (pod.NodeName is not { } node)
            throw ApiException.BadRequest($"pod {pod.Name} does not have a host assigned");
        return kubelets.Find(node) ?? throw ApiException.InternalError($"error dialing backend: node {node} does not answer");
    }

    /// <summary>The names of all containers, init and ephemeral ones included.</summary>
    public static IEnumerable<string> ContainersOf(Document pod) =>
        pod.Spec.At("containers").Items()
            .Concat(pod.Spec.At("initContainers").Items())
            .Concat(pod.Spec.At("ephemeralContainers").Items())
            .Select(container => container.At("name").Text(""));
}
