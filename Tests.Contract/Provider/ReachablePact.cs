using System.Text.Json.Nodes;

namespace Tests.Contract.Provider;

/// <summary>A copy of a pact without the interactions whose provider states cannot be made; it says which, and why.</summary>
internal sealed class ReachablePact : IDisposable
{
    private readonly DirectoryInfo _folder;

    private ReachablePact(DirectoryInfo folder, string file, IReadOnlyList<(string, string)> leftOut) => (_folder, File, LeftOut) = (folder, file, leftOut);

    /// <summary>The copy.</summary>
    public string File { get; }

    /// <summary>What is not in it, and why.</summary>
    public IReadOnlyList<(string Description, string Reason)> LeftOut { get; }

    public static async Task<ReachablePact> ReadAsync(string file, ReachableStates states)
    {
        var pact = JsonNode.Parse(await System.IO.File.ReadAllTextAsync(file))!;
        var leftOut = new List<(string, string)>();
        var kept = new JsonArray();
        foreach (var interaction in pact["interactions"]!.AsArray())
        {
            string? reason = null;
            foreach (var state in interaction!["providerStates"]?.AsArray() ?? [])
                reason ??= await states.WhyNotAsync((string)state!["name"]!);
            if (reason is null)
                kept.Add(interaction.DeepClone());
            else
                leftOut.Add(((string)interaction["description"]!, reason));
        }

        pact["interactions"] = kept;
        var folder = Directory.CreateTempSubdirectory("pact-reachable-");
        var copy = Path.Combine(folder.FullName, Path.GetFileName(file));
        await System.IO.File.WriteAllTextAsync(copy, pact.ToJsonString());
        return new ReachablePact(folder, copy, leftOut);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
