using ClusterSim.Nodes.Containers;
using ClusterSim.Storage;

namespace ClusterSim.Nodes.Status;

/// <summary>The state of a pod on its node, from which its API status is generated.</summary>
internal readonly record struct PodRuntimeStatus
{
    /// <summary>The pod.</summary>
    public required Document Pod { get; init; }

    /// <summary>Its containers.</summary>
    public required IReadOnlyList<PodContainer> Containers { get; init; }

    /// <summary>The pod's <c>metadata.generation</c>.</summary>
    public required long Generation { get; init; }

    /// <summary>When a kubelet first saw the pod.</summary>
    public required DateTimeOffset StartTime { get; init; }

    /// <summary>The node's address.</summary>
    public required string HostAddress { get; init; }

    /// <summary>The pod's address; empty while it has none.</summary>
    public required string PodAddress { get; init; }

    /// <summary>Whether the sandbox is there.</summary>
    public required bool IsSandboxReady { get; init; }

    /// <summary>Whether every init container has completed.</summary>
    public required bool IsInitialized { get; init; }

    /// <summary>Whether the pod has ended.</summary>
    public required bool IsTerminated { get; init; }

    /// <summary>Why the kubelet ended the pod; null where it did not.</summary>
    public required (string Reason, string Message)? Failure { get; init; }

    /// <summary>A resize that is pending or in progress.</summary>
    public required PodResizeStatus Resize { get; init; }
}
