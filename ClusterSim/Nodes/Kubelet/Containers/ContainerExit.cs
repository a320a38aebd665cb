namespace ClusterSim.Nodes.Containers;

/// <summary>How a container instance ended: <c>ContainerStateTerminated</c>.</summary>
/// <param name="ExitCode">The exit code; 137 for a kill, 134 for an unhandled exception, 128 where it could not start.</param>
/// <param name="Reason"><c>Completed</c>, <c>Error</c>, <c>OOMKilled</c>, <c>StartError</c>, <c>Unknown</c>…</param>
/// <param name="Message">What the program left as its termination message, or the runtime's complaint.</param>
/// <param name="StartedAt">When it started.</param>
/// <param name="FinishedAt">When it ended.</param>
/// <param name="ContainerId">Which instance.</param>
internal sealed record ContainerExit(int ExitCode, string Reason, string Message, DateTimeOffset StartedAt, DateTimeOffset FinishedAt, string ContainerId)
{
    /// <summary>The reason of an end with exit code 0.</summary>
    public const string Completed = "Completed";

    /// <summary>The reason of every other end that has none of its own.</summary>
    public const string Error = "Error";

    /// <summary>The reason of a kill because the container wanted more memory than it may have.</summary>
    public const string OutOfMemory = "OOMKilled";

    /// <summary>A process that was killed: 128 + SIGKILL.</summary>
    public const int Killed = 137;

    /// <summary>A process that SIGTERM ended: 128 + SIGTERM.</summary>
    public const int Terminated = 143;

    /// <summary>An unhandled exception: .NET aborts, 128 + SIGABRT.</summary>
    public const int Aborted = 134;

    /// <summary>The runtime could not start the program.</summary>
    public const int CannotStart = 128;
}
