using System.Text.Json;
using ClusterSim.Json;
using Harness.Kube;

namespace Harness.Commands;

/// <summary>Which pods are meant by a pod's name, by <c>TYPE/NAME</c> of what has pods, or by a selector.</summary>
internal static class PodLookup
{
    /// <summary>The pods; of a workload's one, the first by name. Tells on standard error which it took of several, or that there is none.</summary>
    /// <exception cref="CommandException">Nothing is named, or something that has no pods.</exception>
    public static async Task<IReadOnlyList<JsonElement>> FindAsync(
        CommandContext context, KubeClient client, string place, string? what, string? selector, CancellationToken cancellation)
    {
        var pods = client.Resource("pods");
        if (what is null == selector is null)
            throw new CommandException(what is null ? "name a pod, TYPE/NAME of a workload, or -l SELECTOR" : "name a pod or give -l SELECTOR, not both");
        if (selector is not null)
        {
            var selected = await client.ListAsync(pods, place, selector, cancellation);
            if (selected.Count == 0)
                await context.Error.WriteLineAsync($"No resources found in {place} namespace.");
            return selected;
        }
        var (resource, name) = what!.Split('/', 2) is [var kind, var named] ? (client.Resource(kind), named) : (pods, what);
        var found = await client.GetAsync(resource, place, name, cancellation);
        if (resource.Name == pods.Name)
            return [found];
        var labels = found.At("spec", "selector");
        if (labels.At("matchLabels") is { ValueKind: JsonValueKind.Object } matched)
            labels = matched;
        if (labels.Count() == 0 || labels.Fields().Any(label => label.Value.ValueKind != JsonValueKind.String))
            throw new CommandException($"{what}: a {resource.Kind} has no pods; name a pod, a workload or a Service, or -l SELECTOR");
        var all = await client.ListAsync(pods, place, string.Join(',', labels.Fields().Select(label => $"{label.Name}={label.Value.GetString()}")), cancellation);
        if (all.Count == 0)
            throw new CommandException($"{what} has no pods in namespace {place}");
        if (all.Count > 1)
            await context.Error.WriteLineAsync($"Found {all.Count} pods, using pod/{all[0].At("metadata", "name").Text()}");
        return [all[0]];
    }
}
