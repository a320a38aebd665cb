namespace ClusterSim.Nodes.Cgroups;

/// <summary>The container was killed because its programs need more memory than it may have. Nothing catches it but what waits for the process.</summary>
internal sealed class OomKilledException() : OperationCanceledException("Out of memory: the container was killed");
