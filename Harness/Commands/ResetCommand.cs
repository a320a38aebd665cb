using System.CommandLine;

namespace Harness.Commands;

/// <summary><c>harness reset</c>: a cluster as new: stops, forgets everything, starts again.</summary>
internal static class ResetCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new Command("reset", "Stop the cluster, forget its data, and start it anew in the background.");
        command.SetAction(async (_, cancellation) =>
        {
            await DownCommand.StopAsync(context, cancellation);
            await DownCommand.DeleteDataAsync(context, cancellation);
            return await UpCommand.UpDetachedAsync(context, UpCommand.Ports.Default, UpCommand.DefaultLimit, cancellation);
        });
        return command;
    }
}
