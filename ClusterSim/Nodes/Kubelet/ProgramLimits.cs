namespace ClusterSim.Nodes;

/// <summary>
/// What the simulated programs of containers (the shell, busybox, agnhost, web servers) may use of this process and this machine. The limits that a
/// pod's spec sets hold where they are lower. .NET programs that run as pods, and images of users' own, are not counted.
/// </summary>
public sealed record ProgramLimits
{
    /// <summary>
    /// The processes of one pod (the kubelet's <c>podPidsLimit</c>). Beyond it a shell cannot fork, and the nesting of programs that start each other
    /// ends.
    /// </summary>
    public int PodPidsLimit { get; init; } = 1024;

    /// <summary>
    /// What the programs of one container may hold in memory: variables, arguments, buffers, lines. Beyond it, or the container's memory limit where
    /// that is lower, the container is OOMKilled. Content counts by its length; this process may need four times that.
    /// </summary>
    public long ContainerMemoryBytesMax { get; init; } = 256L * 1024 * 1024;

    /// <summary>What the programs of all containers may hold in memory together. The container that asks for more is OOMKilled.</summary>
    public long MemoryBytesMax { get; init; } = 512L * 1024 * 1024;

    /// <summary>What the logs of all containers may hold in memory together. Each is bounded by 10 MiB (<c>containerLogMaxSize</c>); of many large ones the oldest lines go.</summary>
    public long LogBytesMax { get; init; } = 256L * 1024 * 1024;

    /// <summary>
    /// The ephemeral storage of one pod: files in its containers and emptyDir volumes. Beyond it, or the pod's ephemeral-storage limit where that is
    /// lower, the pod is evicted.
    /// </summary>
    public long PodStorageBytesMax { get; init; } = 1024L * 1024 * 1024;

    /// <summary>The files of one persistent volume, where its capacity is not lower. Beyond it there is no space left on the device.</summary>
    public long VolumeStorageBytesMax { get; init; } = 1024L * 1024 * 1024;

    /// <summary>What programs leave free of this machine's disk: with less, no program writes.</summary>
    public long FreeStorageBytesMin { get; init; } = 512L * 1024 * 1024;
}
