using ClusterSim.Client;
using ClusterSim.Network;
using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Containers;
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

    /// <summary>The informers through which nodes see their pods.</summary>
    public required Informers Informers { get; init; }

    /// <summary>The pod network. Without one, whatever a pod does with its network throws.</summary>
    public IPodNetworks Networks { get; init; } = new NoPodNetworks();

    /// <summary>The images.</summary>
    public required ImageStore Images { get; init; }

    /// <summary>The cluster's clock.</summary>
    public required TimeProvider Clock { get; init; }

    /// <summary>The cluster's source of randomness.</summary>
    public required Randomness Random { get; init; }

    /// <summary>Where the nodes register whether they are idle.</summary>
    public required Quiescence Quiescence { get; init; }

    /// <summary>The log.</summary>
    public required ILogger Log { get; init; }

    /// <summary>The source of service-account tokens.</summary>
    public ITokenSource Tokens { get; init; } = new TokenRequests();

    /// <summary>The folder of persistent volumes; null: with the other files, removed with the cluster.</summary>
    public string? PersistentVolumes { get; init; }

    /// <summary>Whether pods may mount folders of this machine.</summary>
    public bool HostPathsAllowed { get; init; }

    /// <summary>What simulated programs may use.</summary>
    public ProgramLimits Limits { get; init; } = new();

    /// <summary>The period in which a node renews its lease.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The faults to inject.</summary>
    public NodeFaults Faults { get; init; } = new();
}

/// <summary>One running node, as the workers of its pods see it.</summary>
/// <param name="Shared">What all nodes share.</param>
/// <param name="Name">The node's name.</param>
/// <param name="Address">The node's address.</param>
/// <param name="Options">The node's options.</param>
/// <param name="Client">The API as this node.</param>
/// <param name="Events">Events from this node's kubelet.</param>
/// <param name="Dispatcher">Runs the work of the node.</param>
/// <param name="Folders">The folders of pods and volumes.</param>
/// <param name="Watchers">The volumes to write again when a ConfigMap or Secret changes.</param>
/// <param name="Kubepods">The memory of all simulated programs of the cluster.</param>
/// <param name="Logs">The memory of all logs of the cluster.</param>
internal sealed record NodeContext(
    NodeEnvironment Shared, string Name, string Address, NodeOptions Options, ApiClient Client, EventRecorder Events, TrackingSynchronizationContext Dispatcher,
    NodeFolders Folders, VolumeWatchers Watchers, MemoryCgroup Kubepods, LogBudget Logs)
{
    /// <summary>The cluster's clock.</summary>
    public TimeProvider Clock => Shared.Clock;

    /// <summary>The pods' resource.</summary>
    public ResourceType Pods { get; } = Client.Resource("pods");

    /// <summary>The content of volumes that are made of API objects.</summary>
    public VolumeSources VolumeSources { get; } = new(Client, Shared.Tokens);
}
