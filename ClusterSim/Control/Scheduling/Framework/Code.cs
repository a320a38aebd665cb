namespace ClusterSim.Scheduling.Framework;

/// <summary>The outcome of a plugin that is not a success (<c>framework.Code</c>).</summary>
internal enum Code
{
    /// <summary>The node does not fit now; removing other pods may help.</summary>
    Unschedulable,

    /// <summary>The node does not fit, and removing other pods does not help.</summary>
    UnschedulableAndUnresolvable,

    /// <summary>The plugin has nothing to do for this pod; its later extension points are skipped in this cycle.</summary>
    Skip,
}
