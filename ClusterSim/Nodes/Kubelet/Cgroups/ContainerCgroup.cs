namespace ClusterSim.Nodes.Cgroups;

/// <summary>The limits of one container instance: its memory, and the processes of its pod.</summary>
/// <param name="Memory">What its programs hold in memory.</param>
/// <param name="Pids">The processes of its pod.</param>
internal sealed record ContainerCgroup(MemoryCgroup Memory, PidsCgroup Pids);
