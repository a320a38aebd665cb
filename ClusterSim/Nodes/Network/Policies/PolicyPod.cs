using System.Net;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Network.Policies;

/// <summary>A port that a container of a pod gives a name.</summary>
internal readonly record struct NamedPort(string Name, TransportProtocol Protocol, int Port);

/// <summary>What policies can know of a pod.</summary>
internal sealed class PolicyPod
{
    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its labels.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>The ports its containers name.</summary>
    public IReadOnlyList<NamedPort> NamedPorts { get; init; } = [];

    /// <summary>The TCP, UDP and SCTP ports its containers declare: informational, what <c>harness reach</c> asks about.</summary>
    public IReadOnlyList<NamedPort> DeclaredPorts { get; init; } = [];

    /// <summary>Its address; null while it has none.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>Its node; null while it has none.</summary>
    public string? Node { get; init; }

    /// <summary>A pod in its node's network: policies neither select it nor mean it by its labels.</summary>
    public bool IsHostNetwork { get; init; }

    /// <summary>Reads a stored pod.</summary>
    public static PolicyPod Read(Document pod, IPAddress? address = null)
    {
        var declared = new List<NamedPort>();
        foreach (var container in pod.Spec.Sidecars().Concat(pod.Spec.VisitContainers(ContainerType.Containers)))
            foreach (var port in container.At("ports").Items())
                declared.Add(new(port.At("name").Text(""), PolicyPort.ReadProtocol(port.At("protocol")), port.At("containerPort").Integer(0)));
        return new PolicyPod
        {
            Namespace = pod.Namespace ?? "default",
            Name = pod.Name,
            Labels = pod.Labels,
            DeclaredPorts = declared,
            NamedPorts = declared.Exists(port => port.Name.Length > 0) ? [.. declared.Where(port => port.Name.Length > 0)] : [],
            Address = address ?? (IPAddress.TryParse(pod.Status.At("podIP").Text(), out var told) ? told : null),
            Node = pod.NodeName,
            IsHostNetwork = pod.Spec.At("hostNetwork").Flag(false),
        };
    }

    /// <summary>Namespace and name.</summary>
    public override string ToString() => $"{Namespace}/{Name}";
}

/// <summary>One end of a connection: a pod, a node, or an address outside the cluster.</summary>
/// <param name="Pod">The pod; null for anything else.</param>
/// <param name="Address">The address.</param>
/// <param name="Node">The node where this is a node itself.</param>
internal readonly record struct PolicyParty(PolicyPod? Pod, IPAddress? Address, string? Node)
{
    /// <summary>A pod.</summary>
    public static PolicyParty Of(PolicyPod pod) => new(pod, pod.Address, null);

    /// <summary>Something outside the cluster.</summary>
    public static PolicyParty Outside(IPAddress address) => new(null, address, null);

    /// <summary>A node: its kubelet, or whatever else runs on it outside pods.</summary>
    public static PolicyParty OfNode(string node, IPAddress? address) => new(null, address, node);

    /// <summary>As a reason names it.</summary>
    public override string ToString() => Pod?.ToString() ?? (Node is null ? $"address {Address}" : $"node {Node}");
}
