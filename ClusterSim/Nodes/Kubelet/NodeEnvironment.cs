using ClusterSim.Client;
using ClusterSim.Network;
using ClusterSim.Nodes.Images;
using ClusterSim.Nodes.Volumes;
using ClusterSim.Registry;
using ClusterSim.Schema;
using Microsoft.Extensions.Logging;

namespace ClusterSim.Nodes;

/// <summary>What all nodes of a cluster share.</summary>
internal sealed record NodeEnvironment
{
    /// <summary>The API server.</summary>
    public required ApiServer Server { get; init; }

    /// <summary>Where nodes learn of their pods.</summary>
    public required Informers Informers { get; init; }

    /// <summary>The wire.</summary>
    public required IPodNetworks Networks { get; init; }

    /// <summary>The images.</summary>
    public required ImageStore Images { get; init; }

    /// <summary>Time.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>Chance.</summary>
    public required Randomness Random { get; init; }

    /// <summary>Who must know that the nodes are idle.</summary>
    public required Quiescence Quiescence { get; init; }

    /// <summary>Where they complain.</summary>
    public required ILogger Log { get; init; }

    /// <summary>Where service-account tokens come from.</summary>
    public ITokenSource Tokens { get; init; } = new TokenRequests();

    /// <summary>Where persistent volumes keep their files; null: with the rest, removed with the cluster.</summary>
    public string? PersistentVolumes { get; init; }

    /// <summary>Whether pods may mount folders of this machine.</summary>
    public bool HostPathsAllowed { get; init; }

    /// <summary>How often a node says that it is alive.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>What goes wrong on purpose.</summary>
    public NodeFaults Faults { get; init; } = new();
}

/// <summary>One running node: what its pods' workers work with.</summary>
/// <param name="Shared">What all nodes share.</param>
/// <param name="Name">The node's name.</param>
/// <param name="Address">The node's address.</param>
/// <param name="Options">What it was made with.</param>
/// <param name="Client">The API as this node.</param>
/// <param name="Events">Events from this node's kubelet.</param>
/// <param name="Tracked">Where its work runs.</param>
/// <param name="Folders">Where files are.</param>
/// <param name="Watchers">Which pods' files are made of what.</param>
internal sealed record NodeContext(
    NodeEnvironment Shared, string Name, string Address, NodeOptions Options, ApiClient Client, EventRecorder Events, Tracked Tracked,
    NodeFolders Folders, VolumeWatchers Watchers)
{
    /// <summary>Time.</summary>
    public TimeProvider Clock => Shared.Clock;

    /// <summary>The pods' resource.</summary>
    public ResourceType Pods { get; } = Client.Resource("pods");
}
