using System.CommandLine;
using System.Text.Json.Nodes;
using ClusterSim.Json;
using ClusterSim.Manifests;
using Harness.Configuration;
using Harness.Kube;
using Harness.Running;

namespace Harness.Commands;

/// <summary><c>harness apply</c>: server-side apply of files or a kustomization. Images that are published here go by their content.</summary>
internal static class ApplyCommand
{
    private static readonly TimeSpan EstablishedLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    public static Command Create(CommandContext context)
    {
        var input = new ManifestInput();
        var unknown = UpCommand.UnknownImagesOption();
        var command = new Command("apply", "Make the cluster's objects what the manifests say.") { unknown };
        input.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = context.Connect();
            var manifests = input.Read(context, parsed);
            await UpCommand.TellUnknownImagesAsync(client, parsed.GetValue(unknown), cancellation);
            await ApplyAsync(context, client, manifests, PublishedImages.Find(context.Folder, HarnessYaml.LoadOrEmpty(context.Folder.Root)), print: true, cancellation);
            return 0;
        });
        return command;
    }

    /// <summary>Applies the objects as they are ordered; definitions are established before other kinds follow. Returns the namespaces the objects live in.</summary>
    public static async Task<IReadOnlyCollection<string>> ApplyAsync(
        CommandContext context, KubeClient client, IReadOnlyList<Manifest> manifests, PublishedImages images, bool print, CancellationToken cancellation)
    {
        var namespaces = new HashSet<string>(StringComparer.Ordinal);
        var pending = new List<(KubeResource Resource, string Name)>();
        foreach (var manifest in manifests)
        {
            images.UseContentTags(manifest.Object);
            if (manifest.Kind != "CustomResourceDefinition")
                await EstablishedAsync(context, client, pending, cancellation);
            var resource = await client.FindResourceOfAsync(manifest.Object, cancellation)
                ?? throw new CommandException($"{manifest.Source}: no matches for kind \"{manifest.Kind}\" in version \"{manifest.ApiVersion}\"");
            try
            {
                await client.ApplyAsync(resource, manifest.Object, isDryRun: false, cancellation);
            }
            catch (KubeException ex) when (ex.Code > 0)
            {
                throw new CommandException($"{manifest.Source}: {ex.Message}");
            }
            if (manifest.Kind == "CustomResourceDefinition")
                pending.Add((resource, manifest.Name));
            if (resource.Namespaced)
                namespaces.Add(manifest.Namespace.Length > 0 ? manifest.Namespace : client.Namespace);
            if (print)
                await context.Output.WriteLineAsync($"{resource.QualifiedSingular}/{manifest.Name} serverside-applied");
        }
        return namespaces;
    }

    private static async Task EstablishedAsync(CommandContext context, KubeClient client, List<(KubeResource Resource, string Name)> definitions, CancellationToken cancellation)
    {
        var began = context.Process.Clock.GetTimestamp();
        foreach (var (resource, name) in definitions)
            while (!IsEstablished((await client.GetAsync(resource, null, name, cancellation)).ToObject()))
            {
                if (context.Process.Clock.GetElapsedTime(began) > EstablishedLimit)
                    throw new CommandException($"customresourcedefinition/{name} is not established after {EstablishedLimit.TotalSeconds:0} s");
                await Task.Delay(Poll, context.Process.Clock, cancellation);
            }
        definitions.Clear();
    }

    private static bool IsEstablished(JsonObject definition) =>
        (definition["status"]?["conditions"] as JsonArray ?? []).OfType<JsonObject>()
        .Any(condition => KubeJson.TextOf(condition, "type") == "Established" && KubeJson.TextOf(condition, "status") == "True");
}
