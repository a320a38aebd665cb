using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Simulated.Shell;
using ClusterSim.Nodes.Volumes;
using Processes;

namespace ClusterSim.Nodes.Simulated;

/// <summary>
/// Runs programs as processes of their own: the only way in which one simulated program starts another. A process counts against the limits of its
/// pod, and whatever a program throws ends it with a message and an exit code, never its parent.
/// </summary>
internal static class ChildProcess
{
    // What busybox's shell runs itself, without a process.
    private static readonly HashSet<string> Builtins = new(StringComparer.Ordinal) { "echo", "printf", "test", "[", "[[", "true", "false", "kill", "pwd" };

    /// <summary>Returns the limits that a process runs under; null outside of pods.</summary>
    public static ContainerCgroup? CgroupOf(ServiceProcess process) => (process.Files as ContainerFileRoot)?.Cgroup;

    /// <summary>Whether a shell runs a program itself: it is no process, and its arguments have no limit.</summary>
    public static bool IsBuiltin(string name) => Builtins.Contains(name);

    /// <summary>Runs a program to its end.</summary>
    /// <param name="main">The program.</param>
    /// <param name="command">What it is called with.</param>
    /// <param name="parent">The name of the program that starts it, for its complaints.</param>
    /// <param name="replacesParent">Whether it takes the place of its parent, a process that was forked for it alone.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(CommandMain main, Command command, string parent, bool replacesParent = false)
    {
        if (IsBuiltin(command.Name))
            return await GuardAsync(main, command);
        if (IsTooLong(command))
            return await (command with { Name = parent }).FailAsync($"{command.Name}: Argument list too long", 126);
        if (replacesParent)
            return await RunMainAsync(main, command);
        var pids = CgroupOf(command.Process)?.Pids;
        if (pids?.TryFork() == false)
            return await (command with { Name = parent }).FailAsync(ShellForkException.Words, 2);
        try
        {
            return await RunMainAsync(main, command);
        }
        finally
        {
            pids?.Exit();
        }
    }

    /// <summary>Runs the program of a process that is counted already, with memory of its own.</summary>
    public static async Task<int> RunMainAsync(CommandMain main, Command command)
    {
        using var memory = new ProcessMemory(CgroupOf(command.Process)?.Memory);
        memory.Charge(ShellLimits.ProcessBytes + (ShellLimits.VariableBytes * command.Variables.Count));
        // Programs that start each other share one stack; what is left of it may be little.
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
            await Task.Yield();
        return await GuardAsync(main, command with { Memory = memory });
    }

    private static async Task<int> GuardAsync(CommandMain main, Command command)
    {
        try
        {
            return await main(command);
        }
        catch (OperationCanceledException)
        {
            throw; // it was killed, and so is whoever waits for it
        }
        catch (BrokenPipeException)
        {
            return BrokenPipeException.ExitCode;
        }
        catch (RegexMatchTimeoutException)
        {
            return await command.FailAsync("the regular expression takes too long", 2);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException or FormatException or ArgumentException or OverflowException)
        {
            return await command.FailAsync(Command.Words(ex));
        }
        catch (Exception ex) when (ex is not (ShellExitException or ShellReturnException or ShellLoopException or ShellSyntaxException))
        {
            // A fault of the simulator: it is shown, and it ends this program alone.
            return await command.FailAsync($"the simulated program failed: {ex.GetType().Name}: {ex.Message}", ContainerExit.Aborted);
        }
    }

    // Variables do not count: every one is passed on here, and of a real shell those alone that are exported.
    private static bool IsTooLong(Command command)
    {
        long total = 0;
        foreach (var argument in command.Arguments)
        {
            if (argument.Length > ShellLimits.ArgumentBytesMax)
                return true;
            total += argument.Length + sizeof(long);
        }
        return total > ShellLimits.ArgumentsBytesMax;
    }
}
