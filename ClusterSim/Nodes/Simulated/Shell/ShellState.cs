using ClusterSim.Nodes.Cgroups;
using Processes;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>What a shell process carries along: variables, parameters, directory, the last exit code; and what it holds of its container's limits.</summary>
internal sealed class ShellState : IDisposable
{
    private const int NodeBytes = 512;
    private const int NodesPerCharge = 8;
    private const int NodesPerStack = 32;
    private const int FinishedJobsMax = 1024;

    private readonly ContainerCgroup? _forkedIn;
    private readonly bool _isForked;
    private readonly Dictionary<string, ShellFunction> _functions = new(StringComparer.Ordinal);
    private IReadOnlyList<string> _parameters = [];

    /// <summary>The shell of a process.</summary>
    /// <param name="process">The process.</param>
    /// <param name="memory">Its memory.</param>
    public ShellState(ServiceProcess process, ProcessMemory memory)
    {
        (Process, Memory, Directory) = (process, memory, process.WorkingDirectory);
        Variables = new ShellVariables(process.Environment, memory);
    }

    private ShellState(ShellState parent, ContainerCgroup? forkedIn)
    {
        (Process, Directory, Name, ProcessId, _forkedIn) = (parent.Process, parent.Directory, parent.Name, parent.ProcessId, forkedIn);
        _isForked = true;
        (Last, LastBackground, Depth, Calls) = (parent.Last, parent.LastBackground, parent.Depth, parent.Calls);
        (StopsAtError, RefusesUnset, Traces, PipesFail) = (parent.StopsAtError, parent.RefusesUnset, parent.Traces, parent.PipesFail);
        Memory = new ProcessMemory(parent.Memory.Cgroup);
        try
        {
            Memory.Charge(ShellLimits.ProcessBytes);
            Parameters = parent.Parameters;
            foreach (var (name, function) in parent._functions)
                Define(name, function);
            Variables = parent.Variables.Fork(Memory);
        }
        catch
        {
            Memory.Dispose();
            forkedIn?.Pids.Exit();
            throw;
        }
    }

    /// <summary>The process the shell runs in; an interactive shell gives every line one of its own, for Ctrl-C to end.</summary>
    public ServiceProcess Process { get; set; }

    /// <summary>The memory of the process.</summary>
    public ProcessMemory Memory { get; }

    /// <summary><c>$$</c>.</summary>
    public int ProcessId { get; init; } = 1;

    /// <summary>What <c>local</c> hid, by function call, the innermost on top; null: was not set.</summary>
    public Stack<Dictionary<string, string?>> Locals { get; } = new();

    /// <summary>All variables; every one counts as exported.</summary>
    public ShellVariables Variables { get; }

    /// <summary><c>$1</c> and on.</summary>
    public IReadOnlyList<string> Parameters
    {
        get => _parameters;
        set
        {
            Memory.Charge(LengthOf(value));
            Memory.Uncharge(LengthOf(_parameters));
            _parameters = value;
        }
    }

    /// <summary><c>$0</c>.</summary>
    public string Name { get; set; } = "sh";

    /// <summary>Where relative paths start.</summary>
    public string Directory { get; set; }

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

    /// <summary>How many functions, evals and sourced files are in each other, those of the processes that this one was forked from included.</summary>
    public int Calls { get; set; }

    /// <summary>How many commands are in each other, those of the processes that this one was forked from included.</summary>
    private int Depth { get; set; }

    /// <summary>A process that begins as a copy of this one: a subshell.</summary>
    /// <exception cref="ShellForkException">The pod has as many processes as it may have.</exception>
    public ShellState Fork()
    {
        var cgroup = ChildProcess.CgroupOf(Process);
        return cgroup?.Pids.TryFork() == false ? throw new ShellForkException() : new ShellState(this, cgroup);
    }

    /// <summary>Enters a command within the one under way.</summary>
    /// <returns>Whether it needs another stack: it would be deep on this one.</returns>
    public bool Enter()
    {
        if (++Depth % NodesPerCharge == 0)
            Memory.Charge(NodeBytes * NodesPerCharge);
        return Depth % NodesPerStack == 0;
    }

    /// <summary>Leaves a command.</summary>
    public void Leave()
    {
        if (Depth-- % NodesPerCharge == 0)
            Memory.Uncharge(NodeBytes * NodesPerCharge);
    }

    /// <summary>Gives a function its meaning from here on.</summary>
    public void Define(string name, ShellFunction function)
    {
        Memory.Charge(function.Bytes);
        RemoveFunction(name);
        _functions[name] = function;
    }

    /// <summary>Finds a function; null where there is none of that name.</summary>
    public ShellNode? FindFunction(string name) => _functions.GetValueOrDefault(name).Body;

    /// <summary>Forgets a function.</summary>
    public void RemoveFunction(string name)
    {
        if (_functions.Remove(name, out var before))
            Memory.Uncharge(before.Bytes);
    }

    /// <summary>Adds a job. Jobs that have ended and were never waited for are forgotten, the oldest first, when there are many.</summary>
    public void AddJob(int id, Task<int> running)
    {
        Background.Add((id, running));
        if (Background.Count > FinishedJobsMax && Background.FindIndex(job => job.Running.IsCompleted) is >= 0 and var finished)
            Background.RemoveAt(finished);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Variables.Dispose();
        if (!_isForked)
            return; // the memory is that of the program
        Memory.Dispose();
        _forkedIn?.Pids.Exit();
    }

    private static long LengthOf(IReadOnlyList<string> words)
    {
        long length = 0;
        for (var i = 0; i < words.Count; i++)
            length += words[i].Length + sizeof(long);
        return length;
    }
}

/// <summary>What a function does, and what it costs to hold.</summary>
/// <param name="Body">What it does.</param>
/// <param name="Bytes">What it costs.</param>
internal readonly record struct ShellFunction(ShellNode Body, long Bytes);
