using ClusterSim.Client;
using ClusterSim.Nodes;
using ClusterSim.Nodes.Images;
using ClusterSim.Storage;

namespace ClusterSim.Faults;

/// <summary>The parts of a cluster that faults act on.</summary>
/// <param name="Admin">Reads pods.</param>
/// <param name="Wire">The pod network.</param>
/// <param name="Kubelets">The nodes.</param>
/// <param name="Images">The images of the nodes.</param>
/// <param name="Nodes">What kubelets ask before they start a container or tell it the time.</param>
/// <param name="Clock">The clock of the cluster.</param>
internal sealed record FaultTargets(ApiClient Admin, Network.Wire Wire, Kubelets Kubelets, ImageStore Images, NodeFaults Nodes, TimeProvider Clock)
{
    /// <summary>Lists the pods of all namespaces.</summary>
    public IEnumerable<Document> Pods() => Admin.List(Admin.Resource("pods"), null);

    /// <summary>Returns a pod.</summary>
    /// <exception cref="KubernetesApiException">There is no such pod.</exception>
    public Document Pod(string @namespace, string name) =>
        Admin.Find(Admin.Resource("pods"), new ObjectKey(@namespace, name)) ?? throw KubernetesApiException.NotFound(new("", "pods"), name);
}
