using System.CommandLine;
using ClusterSim.Postgres;

namespace Harness.Commands;

/// <summary><c>harness down</c>: ends the running cluster. Its data go with it, unless they are to be kept.</summary>
internal static class DownCommand
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static Command Create(CommandContext context)
    {
        var keep = new Option<bool>("--keep-data") { Description = "Leave the databases' data for the next up." };
        var command = new Command("down", "Stop the cluster and remove what it made.") { keep };
        command.SetAction(async (parsed, cancellation) =>
        {
            await StopAsync(context, cancellation);
            if (!parsed.GetValue(keep))
                await DeleteDataAsync(context, cancellation);
            return 0;
        });
        return command;
    }

    /// <summary>Stops the cluster; nothing happens where none runs.</summary>
    public static async Task StopAsync(CommandContext context, CancellationToken cancellation)
    {
        if (context.Folder.FindRunning() is not { } running)
        {
            await context.Error.WriteLineAsync("harness: no cluster is running here");
            // One that was killed could not do so itself.
            context.Folder.Merged.TakeOut(line => context.Error.WriteLine($"harness: {line}"));
            context.Folder.Forget();
            return;
        }
        await context.Error.WriteLineAsync($"harness: stopping the cluster (process {running.ProcessId})");
        if (!await running.StopAsync(Limit, cancellation))
            throw new CommandException($"process {running.ProcessId} has not ended within {Limit.TotalSeconds:0} s; its log is {context.Folder.LogFile}");
        // The cluster has done so itself, unless it was killed.
        context.Folder.Merged.TakeOut(line => context.Error.WriteLine($"harness: {line}"));
    }

    /// <summary>Removes databases and volumes.</summary>
    public static async Task DeleteDataAsync(CommandContext context, CancellationToken cancellation)
    {
        var postgres = await ServerUser.Choose().DirectoryFor(context.Folder.PostgresData, cancellation);
        // Where the cluster was killed, its server may still be writing its last.
        await PostgresServer.EndLeftOverAsync(postgres, cancellation);
        foreach (var folder in (string[])[postgres, context.Folder.Volumes])
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
    }
}
