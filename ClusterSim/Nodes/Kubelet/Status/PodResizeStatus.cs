namespace ClusterSim.Nodes.Status;

/// <summary>What a pod's conditions show of a resize.</summary>
/// <param name="Pending">A resize that was not allocated; null for none.</param>
/// <param name="InProgressGeneration">The generation whose resize is allocated but not yet actuated; null for none.</param>
internal readonly record struct PodResizeStatus(PendingResize? Pending, long? InProgressGeneration);

/// <summary>A resize that was not allocated (<c>PodResizePending</c>).</summary>
/// <param name="Reason"><c>Deferred</c> or <c>Infeasible</c>.</param>
/// <param name="Message">Which resource is short, and by how much.</param>
/// <param name="Generation">The generation that requests it.</param>
internal sealed record PendingResize(string Reason, string Message, long Generation);
