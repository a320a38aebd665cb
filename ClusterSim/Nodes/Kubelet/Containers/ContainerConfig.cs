using ClusterSim.Nodes.Volumes;

namespace ClusterSim.Nodes.Containers;

/// <summary>What a container's main process is started with.</summary>
internal sealed record ContainerConfig
{
    /// <summary>The arguments, without the program's name.</summary>
    public required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The environment variables.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>The file system.</summary>
    public required ContainerFileRoot Files { get; init; }

    /// <summary>The working directory.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>Whether standard input is open (<c>stdin</c>).</summary>
    public bool HasInput { get; init; }

    /// <summary>Whether the process has a terminal (<c>tty</c>).</summary>
    public bool HasTerminal { get; init; }
}
