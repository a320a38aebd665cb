using System.CommandLine;
using ClusterSim.Manifests;
using Harness.Kube;
using Harness.Running;

namespace Harness.Commands;

/// <summary><c>harness apply</c>: server-side apply of files or a kustomization. Images that are published here go by their content.</summary>
internal static class ApplyCommand
{
    public static Command Create(CommandContext context)
    {
        var file = new Option<string[]>("--filename", "-f") { Description = "A file, a folder of files, or - for standard input.", AllowMultipleArgumentsPerToken = true };
        var kustomization = new Option<string?>("--kustomize", "-k") { Description = "A folder with a kustomization.yaml." };
        var unknown = UpCommand.UnknownImagesOption();
        var command = new Command("apply", "Make the cluster's objects what the manifests say.") { file, kustomization, unknown };
        command.SetAction(async (parsed, cancellation) =>
        {
            var files = parsed.GetValue(file) ?? [];
            var folder = parsed.GetValue(kustomization);
            if ((files.Length == 0) == (folder is null))
                throw new CommandException("name what to apply: -f FILE, or -k FOLDER");
            using var client = context.Connect();
            var manifests = folder is not null
                ? ReadKustomization(context, folder)
                : files.SelectMany(name => ReadFile(context, name)).ToList();
            await UpCommand.TellUnknownImagesAsync(client, parsed.GetValue(unknown), cancellation);
            await ApplyAsync(context, client, manifests, PublishedImages.Find(context.Folder, context.Harness), print: true, cancellation);
            return 0;
        });
        return command;
    }

    /// <summary>Applies the objects, namespaces first as they stand; returns the namespaces they live in.</summary>
    public static async Task<IReadOnlyCollection<string>> ApplyAsync(
        CommandContext context, KubeClient client, IReadOnlyList<Manifest> manifests, PublishedImages images, bool print, CancellationToken cancellation)
    {
        var namespaces = new HashSet<string>(StringComparer.Ordinal);
        foreach (var manifest in manifests)
        {
            images.UseContentTags(manifest.Object);
            var resource = client.ResourceOf(manifest.Object);
            var name = (string?)manifest.Object["metadata"]?["name"] ?? "";
            try
            {
                await client.ApplyAsync(manifest.Object, cancellation);
            }
            catch (KubeException refused) when (refused.Code > 0)
            {
                throw new CommandException($"{manifest.Source}: {refused.Message}");
            }
            if (resource.Namespaced)
                namespaces.Add((string?)manifest.Object["metadata"]?["namespace"] ?? client.Namespace);
            if (print)
                await context.Output.WriteLineAsync($"{resource.QualifiedSingular}/{name} serverside-applied");
        }
        return namespaces;
    }

    /// <summary>What a kustomization renders to.</summary>
    /// <exception cref="CommandException">It cannot be rendered.</exception>
    public static IReadOnlyList<Manifest> ReadKustomization(CommandContext context, string folder)
    {
        try
        {
            return Kustomization.Build(Path.GetFullPath(folder, context.Process.WorkingDirectory));
        }
        catch (ManifestException unreadable)
        {
            throw new CommandException(unreadable.Message);
        }
    }

    /// <summary>The manifests of a file, a folder, or <c>-</c> for standard input.</summary>
    /// <exception cref="CommandException">They cannot be read.</exception>
    public static IReadOnlyList<Manifest> ReadFile(CommandContext context, string name)
    {
        try
        {
            if (name == "-")
            {
                using var input = new StreamReader(context.Process.Input);
                return Manifest.Parse(input.ReadToEnd(), "standard input");
            }
            return Manifest.Read(Path.GetFullPath(name, context.Process.WorkingDirectory));
        }
        catch (ManifestException unreadable)
        {
            throw new CommandException(unreadable.Message);
        }
    }
}
