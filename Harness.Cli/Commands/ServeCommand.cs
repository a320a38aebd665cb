using System.CommandLine;
using Harness.Configuration;
using Harness.Running;

namespace Harness.Commands;

/// <summary>
/// <c>harness serve</c>: hosts a cluster without any manifests until it is told to stop. Works in any folder; where there is a harness.yaml, the
/// cluster has its images, databases and ports. <c>up --detach</c> runs it in the background.
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
            var folder = HarnessFolder.FindOrHere(context.Process.Environment, context.Process.WorkingDirectory);
            await using var host = await ClusterHost.StartAsync(
                folder, HarnessYaml.LoadOrEmpty(folder.Root), new UpCommand.Ports(parsed.GetValue(apiPort), parsed.GetValue(ingressPort), UpCommand.UnknownImagesOf(parsed.GetValue(unknown))), context.Process, line => context.Error.WriteLine($"harness: {line}"), cancellation);
            await ClusterHost.StoppedAsync(cancellation);
            return 0;
        });
        return command;
    }
}
