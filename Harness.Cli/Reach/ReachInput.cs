using System.Net;
using ClusterSim;
using ClusterSim.Network.Policies;

namespace Harness.Reach;

/// <summary>What reachability follows from, wherever it was read.</summary>
/// <param name="NamespaceLabels">The namespaces and their labels.</param>
/// <param name="Policies">The NetworkPolicies.</param>
/// <param name="Pods">The pods, or what would become one.</param>
/// <param name="Services">The Services with a selector.</param>
/// <param name="ApiServers">Where the API server is: the endpoints of Service <c>default/kubernetes</c>.</param>
internal sealed record ReachInput(
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> NamespaceLabels,
    IReadOnlyList<NetworkPolicy> Policies,
    IReadOnlyList<ReachPod> Pods,
    IReadOnlyList<ReachService> Services,
    IReadOnlyList<IPEndPoint> ApiServers)
{
    /// <summary>Where a simulated cluster's API server is: what manifests alone are held against unless another is named.</summary>
    public static IPEndPoint SimulatedApiServer => SimulatedCluster.ApiServerAddress;

    /// <summary>Whether pods have addresses: without any, an <c>ipBlock</c> cannot be held against them.</summary>
    public bool HasAddresses => Pods.Any(pod => pod.Pod.Address is not null);
}

/// <summary>A pod, and the workload it is a replica of.</summary>
/// <param name="Pod">The pod as policies see it.</param>
/// <param name="Workload">The name of its Deployment, StatefulSet …; its own where it has none.</param>
/// <param name="Kind">The workload's kind; <c>Pod</c> where it has none.</param>
/// <param name="Replicas">How many pods this stands for: the replicas asked for, where there are only manifests.</param>
internal sealed record ReachPod(PolicyPod Pod, string Workload, string Kind, int Replicas = 1);

/// <summary>A Service with a selector.</summary>
internal sealed record ReachService(string Namespace, string Name, IReadOnlyDictionary<string, string> Selector, IReadOnlyList<ReachServicePort> Ports)
{
    /// <summary>Whether the pod is one of its endpoints once it is ready.</summary>
    public bool Selects(PolicyPod pod) => pod.Namespace == Namespace && Selector.All(label => pod.Labels.GetValueOrDefault(label.Key) == label.Value);
}

/// <summary>A port of a Service, and the pods' port it leads to: a number, or the name that the pod's container gives it.</summary>
internal sealed record ReachServicePort(int Port, TransportProtocol Protocol, int? TargetNumber, string? TargetName);
