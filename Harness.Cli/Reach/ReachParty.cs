using System.Net;
using ClusterSim.Network.Policies;

namespace Harness.Reach;

/// <summary>A row of the matrix, and with its ports some columns: the replicas of a workload, or what is outside.</summary>
internal sealed record ReachParty
{
    /// <summary>The name of what is no part of the cluster.</summary>
    public const string OutsideName = "outside";

    /// <summary><c>namespace/workload</c>, or <see cref="OutsideName"/>.</summary>
    public required string Name { get; init; }

    /// <summary>What it is: the workload's kind, or why it is asked about.</summary>
    public required string Kind { get; init; }

    /// <summary>How many pods it stands for.</summary>
    public int Pods { get; init; } = 1;

    /// <summary>One of its pods, under the workload's name; null for what is outside, and for the API server.</summary>
    public PolicyPod? Pod { get; init; }

    /// <summary>Its address where it is no pod.</summary>
    public IPAddress? Address { get; init; }

    /// <summary>The ports asked about.</summary>
    public IReadOnlyList<ReachPort> Ports { get; init; } = [];

    /// <summary>Its namespace; null where it is outside.</summary>
    public string? Namespace => Name.Split('/') is [var @namespace, _] ? @namespace : null;

    /// <summary>Its name within its namespace.</summary>
    public string ShortName => Name[(Name.IndexOf('/', StringComparison.Ordinal) + 1)..];

    /// <summary>It, as who connects.</summary>
    public TrafficPeer AsSource => Pod is null ? TrafficPeer.Outside(Address!) : TrafficPeer.Of(Pod);

    /// <summary>It, as who is connected to. A replica that asks for its own workload means another replica, which policies do tell from itself.</summary>
    public TrafficPeer AsTarget(ReachParty source) => Pod is null
        ? TrafficPeer.Outside(Address!)
        : TrafficPeer.Of(source.Name == Name && Kind != "Pod" ? Renamed(Pod, $"{Pod.Name} (another replica)") : Pod);

    /// <summary>The pod under another name.</summary>
    public static PolicyPod Renamed(PolicyPod pod, string name, string? @namespace = null) => new()
    {
        Namespace = @namespace ?? pod.Namespace,
        Name = name,
        Labels = pod.Labels,
        Ports = pod.Ports,
        Address = @namespace is null ? pod.Address : null,
        IsHostNetwork = pod.IsHostNetwork,
    };
}

/// <summary>A port of a party.</summary>
/// <param name="Number">The pods' port, not the Service's.</param>
/// <param name="Protocol">Its protocol.</param>
/// <param name="Services">The Services that lead to it, as <c>name:port</c>.</param>
internal sealed record ReachPort(int Number, TransportProtocol Protocol, IReadOnlyList<string> Services)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Number}/{Protocol.ToString().ToUpperInvariant()}";
}
