using ClusterSim.Nodes.Volumes;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>A command that <c>&amp;</c> starts: a process of its own, which <c>wait</c> waits for and <c>kill</c> ends; its input is not the shell's.</summary>
internal static class BackgroundJob
{
    /// <summary>Starts the command and adds it to the jobs of the shell.</summary>
    /// <param name="shell">The shell that starts it.</param>
    /// <param name="find">Finds the programs of the image.</param>
    /// <param name="node">The command.</param>
    /// <param name="streams">The streams of the shell.</param>
    /// <exception cref="ShellForkException">The pod has as many processes as it may have.</exception>
    public static void Start(ShellState shell, Func<string, CommandMain?> find, ShellNode node, Streams streams)
    {
        var own = shell.Fork();
        var killed = new LinkedKill(shell.Process.Killed);
        var signalled = 0;
        own.Process = shell.Process with { Killed = killed.Token };
        var files = shell.Process.Files as ContainerFileRoot;
        var processes = files?.Processes;
        var listed = processes?.Start(CommandLineOf(node), files!.User.Uid, signal =>
        {
            signalled = signal;
            killed.Kill();
        });
        shell.LastBackground = listed?.Id ?? shell.Background.Count + 2;
        shell.AddJob(shell.LastBackground.Value, RunAsync());

        async Task<int> RunAsync()
        {
            try
            {
                return await new ShellInterpreter(own, find).SubshellAsync(node, streams with { Input = Stream.Null });
            }
            catch (OperationCanceledException) when (killed.Token.IsCancellationRequested)
            {
                return 128 + (signalled > 0 ? signalled : 9);
            }
            finally
            {
                if (listed is not null)
                    processes!.End(listed);
                killed.Dispose();
                own.Dispose();
            }
        }
    }

    private static string CommandLineOf(ShellNode node) => node is SimpleNode { Words.Count: > 0 } simple ? string.Join(' ', simple.Words) : "sh";
}
