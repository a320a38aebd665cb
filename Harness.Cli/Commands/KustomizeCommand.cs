using System.CommandLine;
using ClusterSim.Manifests;

namespace Harness.Commands;

/// <summary><c>harness kustomize</c>: prints what a kustomization renders to, as <c>kubectl kustomize</c> does. Needs no cluster.</summary>
internal static class KustomizeCommand
{
    public static Command Create(CommandContext context)
    {
        var folder = new Argument<string>("folder") { Description = "A folder with a kustomization.yaml; the current one where not given.", DefaultValueFactory = _ => "." };
        var command = new Command("kustomize", "Print what a kustomization renders to, as kubectl kustomize does.") { folder };
        command.SetAction(async (parsed, _) =>
        {
            var manifests = ManifestInput.ReadKustomization(context, parsed.GetRequiredValue(folder));
            await context.Output.WriteAsync(KubernetesYaml.Write(manifests.Select(manifest => manifest.Object)));
            return 0;
        });
        return command;
    }
}
