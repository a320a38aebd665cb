using System.CommandLine;

namespace Harness.Commands;

/// <summary><c>harness status</c>: whether a cluster runs, where it is, and its pods. Exit code 1 where none runs.</summary>
internal static class StatusCommand
{
    public static Command Create(CommandContext context)
    {
        var command = new Command("status", "Tell whether a cluster is running, where it answers, and its pods.");
        command.SetAction(async (_, cancellation) =>
        {
            if (context.Folder.FindRunning() is not { } running)
            {
                await context.Error.WriteLineAsync("harness: no cluster is running here; start one with: ./harness up");
                return 1;
            }
            using var client = context.Connect();
            await context.Output.WriteAsync(await PodsTable.PrintAsync(client, cancellation));
            await context.Output.WriteLineAsync();
            await UpCommand.TellWhereAsync(context, running);
            return 0;
        });
        return command;
    }
}
