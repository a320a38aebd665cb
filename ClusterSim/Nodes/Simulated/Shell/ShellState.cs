using Processes;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>What a shell carries along: variables, parameters, directory, the last exit code.</summary>
internal sealed class ShellState(ServiceProcess process)
{
    /// <summary>The process the shell runs in; an interactive shell gives every line one of its own, for Ctrl-C to end.</summary>
    public ServiceProcess Process { get; set; } = process;

    /// <summary><c>$$</c>.</summary>
    public int ProcessId { get; init; } = 1;

    /// <summary>Functions by name.</summary>
    public Dictionary<string, ShellNode> Functions { get; } = new(StringComparer.Ordinal);

    /// <summary>What <c>local</c> hid, by function call, the innermost on top; null: was not set.</summary>
    public Stack<Dictionary<string, string?>> Locals { get; } = new();

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

    /// <summary>The exit code of the command's last substitution: that of a command which is nothing else.</summary>
    public int LastSubstitution { get; set; }

    /// <summary><c>set -e</c>.</summary>
    public bool StopsAtError { get; set; }

    /// <summary><c>set -u</c>.</summary>
    public bool RefusesUnset { get; set; }

    /// <summary><c>set -x</c>.</summary>
    public bool Traces { get; set; }

    /// <summary><c>set -o pipefail</c>.</summary>
    public bool PipesFail { get; set; }

    /// <summary>What runs in the background, with its process id.</summary>
    public List<(int Id, Task<int> Running)> Background { get; } = [];

    /// <summary><c>$!</c>; null before the first.</summary>
    public int? LastBackground { get; set; }

    /// <summary>The streams that <c>exec</c> with redirections alone gave the shell; null: those it was given.</summary>
    public Streams? Streams { get; set; }

    /// <summary>What to do when the shell ends; null: nothing.</summary>
    public ShellNode? OnExit { get; set; }

    /// <summary>What to do at SIGTERM; null: nothing, which for process 1 is to ignore it.</summary>
    public ShellNode? OnTerminate { get; set; }

    /// <summary>A copy, for a subshell.</summary>
    public ShellState Fork()
    {
        var copy = new ShellState(Process)
        {
            Parameters = Parameters,
            Name = Name,
            Directory = Directory,
            Last = Last,
            StopsAtError = StopsAtError,
            ProcessId = ProcessId,
            RefusesUnset = RefusesUnset,
            Traces = Traces,
            PipesFail = PipesFail,
            LastBackground = LastBackground,
        };
        foreach (var (name, body) in Functions)
            copy.Functions[name] = body;
        copy.Variables.Clear();
        foreach (var (name, value) in Variables)
            copy.Variables[name] = value;
        return copy;
    }
}

/// <summary><c>exit</c>.</summary>
internal sealed class ShellExitException(int code, string? complaint = null) : Exception
{
    /// <summary>What the shell says before it ends; null: nothing.</summary>
    public string? Complaint { get; } = complaint;

    /// <summary>The exit code.</summary>
    public int Code { get; } = code;
}

/// <summary><c>return</c>.</summary>
internal sealed class ShellReturnException(int code) : Exception
{
    /// <summary>The function's or sourced file's exit code.</summary>
    public int Code { get; } = code;
}

/// <summary><c>break</c> and <c>continue</c>.</summary>
internal sealed class ShellLoopException(bool isBreak, int levels) : Exception
{
    /// <summary>How many loops it is for.</summary>
    public int Levels { get; } = levels;

    /// <summary>Whether the loop ends.</summary>
    public bool IsBreak { get; } = isBreak;
}
