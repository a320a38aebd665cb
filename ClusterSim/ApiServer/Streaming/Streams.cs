using ClusterSim.Objects;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Storage;

namespace ClusterSim.Streaming;

/// <summary>What the streaming subresources of pods share.</summary>
internal static class Streams
{
    /// <summary>The kubelet that runs the pod.</summary>
    /// <exception cref="KubernetesApiException">The pod is not bound, or its node does not answer.</exception>
    public static IKubelet KubeletOf(IKubelets kubelets, Document pod)
    {
        if (pod.NodeName is not { } node)
            throw KubernetesApiException.BadRequest($"pod {pod.Name} does not have a host assigned");
        return kubelets.Find(node) ?? throw KubernetesApiException.InternalError($"error dialing backend: node {node} does not answer");
    }

    /// <summary>Returns the requested container; without a request the only one, or the one that an annotation names as the default.</summary>
    /// <exception cref="KubernetesApiException">400: there is no such, or several to choose from.</exception>
    public static string ContainerOf(Document pod, string? asked)
    {
        var names = NamesOf(pod, ContainerType.AllContainers).ToList();
        if (asked is not null)
            return names.Contains(asked) ? asked : throw KubernetesApiException.BadRequest($"container {asked} is not valid for pod {pod.Name}");
        var main = NamesOf(pod, ContainerType.Containers).ToList();
        if (pod.Metadata.At("annotations", "kubectl.kubernetes.io/default-container").Text() is { } preferred && names.Contains(preferred))
            return preferred;
        if (main.Count == 1 && names.Count == 1)
            return main[0];
        var initial = NamesOf(pod, ContainerType.InitContainers).ToList();
        var choice = initial.Count > 0
            ? $"choose one of: [{string.Join(' ', main)}] or one of the init containers: [{string.Join(' ', initial)}]"
            : $"choose one of: [{string.Join(' ', names)}]";
        return main.Count == 1 && initial.Count == 0
            ? main[0]
            : throw KubernetesApiException.BadRequest($"a container name must be specified for pod {pod.Name}, {choice}");
    }

    private static IEnumerable<string> NamesOf(Document pod, ContainerType types) => pod.Spec.VisitContainers(types).Select(container => container.At("name").Text(""));

    /// <summary>
    /// Who opens a stream to a pod needs to be allowed to create it, whatever the method: a WebSocket is always a GET, and that alone must
    /// not be enough.
    /// </summary>
    /// <exception cref="KubernetesApiException">403; 405 for other methods than GET and POST.</exception>
    public static void AuthorizeUpgrade(ApiServer server, in RequestTarget target, string method)
    {
        if (method is not ("GET" or "POST"))
            throw new KubernetesApiException(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", []);
        if (method == "GET")
            server.Authorize(target, "get");
        server.Authorize(target, "create");
    }
}
