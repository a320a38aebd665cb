using Processes;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>What a shell carries along: variables, parameters, directory, the last exit code.</summary>
internal sealed class ShellState(ServiceProcess process)
{
    /// <summary>The process the shell runs in.</summary>
    public ServiceProcess Process { get; } = process;

    /// <summary>All variables; every one counts as exported.</summary>
    public Dictionary<string, string> Variables { get; } = new(process.Environment, StringComparer.Ordinal);

    /// <summary><c>$1</c> and on.</summary>
    public IReadOnlyList<string> Parameters { get; set; } = [];

    /// <summary><c>$0</c>.</summary>
    public string Name { get; set; } = "sh";

    /// <summary>Where relative paths start.</summary>
    public string Directory { get; set; } = process.WorkingDirectory;

    /// <summary><c>$?</c>.</summary>
    public int Last { get; set; }

    /// <summary><c>set -e</c>.</summary>
    public bool StopsAtError { get; set; }

    /// <summary>What runs in the background.</summary>
    public List<Task<int>> Background { get; } = [];

    /// <summary>What to do at SIGTERM; null: nothing, which for process 1 is to ignore it.</summary>
    public ShellNode? OnTerminate { get; set; }

    /// <summary>A copy, for a subshell.</summary>
    public ShellState Fork()
    {
        var copy = new ShellState(Process) { Parameters = Parameters, Name = Name, Directory = Directory, Last = Last, StopsAtError = StopsAtError };
        copy.Variables.Clear();
        foreach (var (name, value) in Variables)
            copy.Variables[name] = value;
        return copy;
    }
}

/// <summary><c>exit</c>.</summary>
internal sealed class ShellExitException(int code) : Exception
{
    /// <summary>The exit code.</summary>
    public int Code { get; } = code;
}

/// <summary><c>break</c> and <c>continue</c>.</summary>
internal sealed class ShellLoopException(bool isBreak) : Exception
{
    /// <summary>Whether the loop ends.</summary>
    public bool IsBreak { get; } = isBreak;
}
