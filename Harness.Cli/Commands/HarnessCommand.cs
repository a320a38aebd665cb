using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using ClusterSim.Access;
using ClusterSim.Postgres;
using Harness.Kube;
using Processes;

namespace Harness.Commands;

/// <summary>The command <c>harness</c>: parses, runs, and turns what goes wrong into one line and an exit code.</summary>
public static class HarnessCommand
{
    /// <summary>Runs it. 0: done; 1: it could not be done; 2: the command line is off; 3: applied, but not ready in time; 130: interrupted.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "the last one to see it tells it")]
    public static async Task<int> RunAsync(ServiceProcess process)
    {
        using var context = new CommandContext(process);
        var root = new RootCommand("Runs the system of harness.yaml on a simulated Kubernetes cluster: one process, no Docker, no root.");
        root.Subcommands.Add(UpCommand.Create(context));
        root.Subcommands.Add(DownCommand.Create(context));
        root.Subcommands.Add(StatusCommand.Create(context));
        root.Subcommands.Add(ApplyCommand.Create(context));
        root.Subcommands.Add(DiffCommand.Create(context));
        root.Subcommands.Add(PruneCommand.Create(context));
        root.Subcommands.Add(KustomizeCommand.Create(context));
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

        if (process.Arguments.Count == 0)
        {
            // No command is a question, but nothing that a script should take for done.
            await root.Parse(["--help"]).InvokeAsync(new InvocationConfiguration { Output = context.Error, Error = context.Error });
            return 2;
        }
        var parsed = root.Parse([.. process.Arguments]);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors.Select(error => error.Message).Distinct(StringComparer.Ordinal))
                await context.Error.WriteLineAsync($"harness: {error}");
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
        catch (Exception refused) when (refused is CommandException or KubeException or KubeconfigException or PostgresNotFoundException or PostgresServerException)
        {
            await context.Error.WriteLineAsync($"harness: {refused.Message}");
            return refused is CommandException command ? command.ExitCode : 1;
        }
        catch (OperationCanceledException) when (process.Stop.IsCancellationRequested)
        {
            await context.Error.WriteLineAsync("harness: interrupted");
            return 130;
        }
        catch (Exception machine) when (machine is IOException or UnauthorizedAccessException)
        {
            // A full disk, a folder that is somebody else's: .NET's message names the path.
            await context.Error.WriteLineAsync($"harness: {machine.Message}");
            return 1;
        }
        catch (Exception unforeseen)
        {
            await context.Error.WriteLineAsync($"harness: this should not happen, and is a mistake in harness itself:\n{unforeseen}");
            return 1;
        }
    }
}
