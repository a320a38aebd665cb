namespace ClusterSim.Scheduling.Framework;

/// <summary>Declares which events may make pods schedulable that the plugin rejected.</summary>
internal interface IEnqueueExtensions : IPlugin
{
    /// <summary>The events, beside those of nodes, which always cause a retry.</summary>
    ClusterEvents EventsToRegister { get; }
}

/// <summary>Events in the cluster that pods may wait for.</summary>
[Flags]
internal enum ClusterEvents
{
    /// <summary>No event.</summary>
    None = 0,

    /// <summary>A pod was bound, or the labels of a bound pod changed.</summary>
    AssignedPodAdd = 1,

    /// <summary>A bound pod ended, is being deleted, or was resized.</summary>
    AssignedPodDelete = 2,

    /// <summary>A claim, volume or storage class changed.</summary>
    Volume = 4,
}
