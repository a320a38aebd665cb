namespace Processes;

/// <summary>
/// All that a process gets from the world around it. A service is one function of this, <see cref="ProgramMain"/>: <c>Main</c> passes
/// the machine's, a simulated kubelet passes the pod's. Nothing else in a service may touch the machine's environment, console,
/// absolute paths, clock or sockets, or two pods in one operating-system process would see each other.
/// </summary>
public sealed record ServiceProcess
{
    /// <summary>Command-line arguments, without the program's name.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Environment variables. Names are case-sensitive, as on Linux.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    /// <summary>The file system as this process sees it.</summary>
    public FileRoot Files { get; init; } = FileRoot.OfThisMachine;

    /// <summary>Where relative paths start, as this process names it.</summary>
    public string WorkingDirectory { get; init; } = "/";

    /// <summary>Standard input; empty unless somebody attached to it.</summary>
    public Stream Input { get; init; } = Stream.Null;

    /// <summary>Standard output, unbuffered: what is written is in the log at once.</summary>
    public required Stream Output { get; init; }

    /// <summary>Standard error, unbuffered.</summary>
    public required Stream Error { get; init; }

    /// <summary>Time, for everything that waits or stamps.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>How this process listens and dials.</summary>
    public required IProcessNetwork Network { get; init; }

    /// <summary>SIGTERM: finish what is under way, then return. The grace period is the sender's to enforce.</summary>
    public CancellationToken Stop { get; init; }

    /// <summary>
    /// SIGKILL, told after every stream of the process was severed: let go of the host without draining it. Never fires on a real
    /// machine, where the process is gone by then.
    /// </summary>
    public CancellationToken Killed { get; init; }
}

/// <summary>A program: what <c>main</c> is. Its result is the exit code.</summary>
public delegate Task<int> ProgramMain(ServiceProcess process);
