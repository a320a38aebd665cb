using System.CommandLine;
using Harness.Kube;
using Processes;

namespace Harness.Commands;

/// <summary>The command <c>harness</c>: parses, runs, and turns what goes wrong into one line and an exit code.</summary>
public static class HarnessCommand
{
    /// <summary>Runs it. 0: done; 1: it could not be done; 2: the command line is off; 130: interrupted.</summary>
    public static async Task<int> RunAsync(ServiceProcess process)
    {
        using var context = new CommandContext(process);
        var root = new RootCommand("Runs the paying system on a simulated Kubernetes cluster: one process, no Docker, no root.");
        root.Subcommands.Add(UpCommand.Create(context));
        root.Subcommands.Add(DownCommand.Create(context));
        root.Subcommands.Add(StatusCommand.Create(context));
        root.Subcommands.Add(ApplyCommand.Create(context));
        root.Subcommands.Add(GetCommand.Create(context));
        root.Subcommands.Add(DescribeCommand.Create(context));
        root.Subcommands.Add(LogsCommand.Create(context));
        root.Subcommands.Add(ReachCommand.Create(context));
        root.Subcommands.Add(ChaosCommand.Create(context));
        root.Subcommands.Add(KubeconfigCommand.Create(context));
        root.Subcommands.Add(ResetCommand.Create(context));
        root.Subcommands.Add(ServeCommand.Create(context));
        root.Subcommands.Add(CompletionCommand.Create(context));
        root.Subcommands.Add(CompletionCommand.CreateAnswer(context, root));

        var parsed = root.Parse([.. process.Arguments]);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                await context.Error.WriteLineAsync($"harness: {error.Message}");
            await context.Error.WriteLineAsync("harness: see ./harness --help");
            return 2;
        }
        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = context.Output,
                Error = context.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            }, process.Stop);
        }
        catch (Exception refused) when (refused is CommandException or KubeException or KubeconfigException or Postgres.PostgresNotFoundException or Postgres.PostgresServerException)
        {
            await context.Error.WriteLineAsync($"harness: {refused.Message}");
            return 1;
        }
        catch (OperationCanceledException) when (process.Stop.IsCancellationRequested)
        {
            await context.Error.WriteLineAsync("harness: interrupted");
            return 130;
        }
    }
}
