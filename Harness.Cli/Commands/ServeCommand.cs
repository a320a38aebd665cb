using System.CommandLine;
using Harness.Running;

namespace Harness.Commands;

/// <summary>
/// <c>harness serve</c>: hosts a cluster until it is told to stop. What <c>up --detach</c> starts in the background; of use by hand where
/// one wants the cluster without the manifests.
/// </summary>
internal static class ServeCommand
{
    public static Command Create(CommandContext context)
    {
        var apiPort = UpCommand.ApiPortOption();
        var ingressPort = UpCommand.IngressPortOption();
        var unknown = UpCommand.UnknownImagesOption();
        var command = new Command("serve", "Host an empty cluster in the foreground, until Ctrl-C.") { apiPort, ingressPort, unknown };
        command.SetAction(async (parsed, cancellation) =>
        {
            await using var host = await ClusterHost.StartAsync(
                context.Folder, context.Harness, new UpCommand.Ports(parsed.GetValue(apiPort), parsed.GetValue(ingressPort), UpCommand.UnknownImagesOf(parsed.GetValue(unknown))), context.Process, line => context.Error.WriteLine($"harness: {line}"), cancellation);
            await ClusterHost.StoppedAsync(cancellation);
            return 0;
        });
        return command;
    }
}
