using System.Net;
using System.Text.Json;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Network.Policies;

/// <summary>A port that a container declares.</summary>
/// <param name="Name">The name; empty where there is none.</param>
/// <param name="Protocol">The protocol.</param>
/// <param name="Port">The number.</param>
public readonly record struct ContainerPort(string Name, TransportProtocol Protocol, int Port);

/// <summary>What NetworkPolicies depend on of a pod.</summary>
public sealed class PolicyPod
{
    private static readonly GroupResource Pods = new("", "pods");

    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>The name.</summary>
    public required string Name { get; init; }

    /// <summary>The labels.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>The ports that the containers declare. Policies refer to those with names.</summary>
    public IReadOnlyList<ContainerPort> Ports { get; init; } = [];

    /// <summary>The address; null while the pod has none.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>The node; null while the pod has none.</summary>
    public string? Node { get; init; }

    /// <summary>Whether the pod is in the network of its node: policies neither select it nor refer to it by its labels.</summary>
    public bool IsHostNetwork { get; init; }

    /// <summary>The ports with names.</summary>
    internal IEnumerable<ContainerPort> NamedPorts => Ports.Where(port => port.Name.Length > 0);

    /// <summary>Reads a pod from its object.</summary>
    public static PolicyPod Read(JsonElement pod) => Read(Document.Unstored(Pods, pod.ToObject()));

    internal static PolicyPod Read(Document pod, IPAddress? address = null)
    {
        var ports = new List<ContainerPort>();
        foreach (var container in pod.Spec.Sidecars().Concat(pod.Spec.VisitContainers(ContainerType.Containers)))
            foreach (var port in container.At("ports").Items())
                ports.Add(new(port.At("name").Text(""), PolicyPort.ReadProtocol(port.At("protocol")), port.At("containerPort").Integer(0)));
        return new PolicyPod
        {
            Namespace = pod.Namespace ?? "default",
            Name = pod.Name,
            Labels = pod.Labels,
            Ports = ports,
            Address = address ?? (IPAddress.TryParse(pod.Status.At("podIP").Text(), out var told) ? told : null),
            Node = pod.NodeName,
            IsHostNetwork = pod.Spec.At("hostNetwork").Flag(false),
        };
    }

    /// <summary>The namespace and the name.</summary>
    public override string ToString() => $"{Namespace}/{Name}";
}
