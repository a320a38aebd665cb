namespace ClusterSim.Nodes.Containers;

/// <summary>The kinds of containers of a pod.</summary>
internal enum ContainerKind
{
    /// <summary>Runs to completion before those after it start.</summary>
    Init,

    /// <summary>A restartable init container: starts before the others and ends after them.</summary>
    Sidecar,

    /// <summary>A container of <c>spec.containers</c>.</summary>
    Regular,

    /// <summary>Added to a running pod for debugging; never restarted.</summary>
    Ephemeral,
}
