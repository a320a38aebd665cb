using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Manifests;
using Harness.Configuration;
using Harness.Kube;
using Harness.Running;

namespace Harness.Commands;

/// <summary>
/// <c>harness diff</c>: what applying the manifests would change, by a dry run of the API server. Ends with 0 where nothing would change, with 1 where
/// something would, as kubectl diff does.
/// </summary>
internal static class DiffCommand
{
    private const string Hidden = "***";

    public static Command Create(CommandContext context)
    {
        var input = new ManifestInput();
        var color = new Option<string>("--color") { Description = "auto (on a terminal; the default), always or never.", DefaultValueFactory = _ => "auto" };
        color.AcceptOnlyFromAmong("auto", "always", "never");
        var command = new Command("diff", "Print what apply would change.") { color };
        input.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = context.Connect();
            var manifests = input.Read(context, parsed);
            var images = PublishedImages.Find(context.Folder, HarnessYaml.LoadOrEmpty(context.Folder.Root));
            var isColored = parsed.GetValue(color) switch
            {
                "always" => true,
                "never" => false,
                _ => !Console.IsOutputRedirected && !context.Process.Environment.ContainsKey("NO_COLOR"),
            };
            var isDifferent = false;
            foreach (var manifest in manifests)
            {
                images.UseContentTags(manifest.Object);
                var (live, merged) = await CompareAsync(client, manifest, cancellation);
                var name = string.Join('.', ((string[])[manifest.ApiVersion.Replace('/', '.'), manifest.Kind, manifest.Namespace, manifest.Name]).Where(part => part.Length > 0));
                var text = UnifiedDiff.Write(Yaml(live), Yaml(merged), $"live/{name}", $"merged/{name}", isColored);
                isDifferent |= text.Length > 0;
                await context.Output.WriteAsync(text);
            }
            return isDifferent ? 1 : 0;
        });
        return command;
    }

    /// <summary>Returns the object as it is, and as it would be.</summary>
    private static async Task<(JsonObject? Live, JsonObject Merged)> CompareAsync(KubeClient client, Manifest manifest, CancellationToken cancellation)
    {
        // What is defined by the same manifests cannot be asked for yet: it is new.
        if (await client.FindResourceOfAsync(manifest.Object, cancellation) is not { } resource)
            return (null, manifest.Object);
        var @namespace = manifest.Namespace.Length > 0 ? manifest.Namespace : client.Namespace;
        var live = await client.FindAsync(resource, resource.Namespaced ? @namespace : null, manifest.Name, cancellation);
        try
        {
            return Masked(Shown(live), Shown(await client.ApplyAsync(resource, manifest.Object, isDryRun: true, cancellation))!);
        }
        catch (KubeException ex) when (ex.Code == 404 && live is null)
        {
            // Its namespace is as new as itself.
            return (null, manifest.Object);
        }
        catch (KubeException ex) when (ex.Code > 0)
        {
            throw new CommandException($"{manifest.Source}: {ex.Message}") { ExitCode = 2 };
        }
    }

    private static JsonObject? Shown(JsonElement? found)
    {
        if (found is not { } element)
            return null;
        var @object = KubeJson.ToObject(element);
        (@object["metadata"] as JsonObject)?.Remove("managedFields");
        return @object;
    }

    // Values of Secrets are not shown, only that they differ.
    private static (JsonObject? Live, JsonObject Merged) Masked(JsonObject? live, JsonObject merged)
    {
        if (KubeJson.TextOf(merged, "kind") != "Secret")
            return (live, merged);
        var before = live?["data"] as JsonObject;
        var after = merged["data"] as JsonObject;
        foreach (var key in (before ?? []).Concat(after ?? []).Select(field => field.Key).Distinct(StringComparer.Ordinal).ToList())
        {
            var isSame = before?[key]?.ToString() == after?[key]?.ToString();
            if (before?.ContainsKey(key) == true)
                before[key] = isSame ? Hidden : $"{Hidden} (before)";
            if (after?.ContainsKey(key) == true)
                after[key] = isSame ? Hidden : $"{Hidden} (after)";
        }
        return (live, merged);
    }

    private static string Yaml(JsonObject? @object) => @object is null ? "" : KubernetesYaml.Write([@object]);
}
