using Harness.Kube;

namespace Harness.Commands;

/// <summary>What the words after <c>get</c> and <c>describe</c> mean: kinds, kinds with names, or <c>kind/name</c> each.</summary>
internal static class NamedObjects
{
    /// <summary>Pairs of a resource and a name; null for the name: all of them.</summary>
    /// <exception cref="CommandException">The two forms are mixed.</exception>
    public static IReadOnlyList<(KubeResource Resource, string? Name)> Read(KubeClient client, IReadOnlyList<string> words)
    {
        if (words.Any(word => word.Contains('/', StringComparison.Ordinal)))
            return [.. words.Select(word => word.Split('/', 2) is [var kind, { Length: > 0 } name]
                ? (client.Resource(kind), (string?)name)
                : throw new CommandException($"{word}: where one argument is KIND/NAME all must be"))];
        var resources = words[0].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(client.Resource).ToList();
        return words.Count == 1
            ? [.. resources.Select(resource => (resource, (string?)null))]
            : [.. resources.SelectMany(resource => words.Skip(1).Select(name => (resource, (string?)name)))];
    }
}
