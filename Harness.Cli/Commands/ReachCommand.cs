using System.CommandLine;
using System.Net;
using ClusterSim.Json;
using ClusterSim.Network.Policies;
using Harness.Reach;

namespace Harness.Commands;

/// <summary>
/// <c>harness reach</c>: who reaches whom on which port, and why, by the NetworkPolicies of the running cluster or of manifests alone.
/// With <c>--expect</c>, exit code 1 where that is not what a file expects. docs/reach.md tells of both.
/// </summary>
internal static class ReachCommand
{
    private const int Https = 443;
    private const int NamesShownMax = 20;

    public static Command Create(CommandContext context)
    {
        var file = new Option<string[]>("--filename", "-f") { Description = "Manifests: a file, a folder of files, or - for standard input.", AllowMultipleArgumentsPerToken = true };
        var kustomization = new Option<string?>("--kustomize", "-k") { Description = "A folder with a kustomization.yaml." };
        var from = new Option<string[]>("--from") { Description = "Only these rows: namespace/workload, * for any part, or outside.", AllowMultipleArgumentsPerToken = true };
        var to = new Option<string[]>("--to") { Description = "Only these columns, as --from.", AllowMultipleArgumentsPerToken = true };
        var strangers = new Option<bool>("--strangers") { Description = "Ask for pods that nobody deployed too. --expect always does." };
        var apiServer = new Option<string?>("--api-server") { Description = "Where the API server is, as ADDRESS:PORT, for manifests alone, which do not say (default: where the simulated cluster's is)." };
        var expect = new Option<string?>("--expect") { Description = "A file of expectations (docs/reach.md); exit code 1 where one does not hold." };
        var output = new Option<string?>("--output", "-o") { Description = "table, wide (with reasons), json, svg or html." };
        output.AcceptOnlyFromAmong("table", "wide", "json", "svg", "html");
        var command = new Command("reach", "Tell who reaches whom on which port, and why.") { file, kustomization, from, to, strangers, apiServer, expect, output };
        command.SetAction(async (parsed, cancellation) =>
        {
            var files = parsed.GetValue(file) ?? [];
            var folder = parsed.GetValue(kustomization);
            var expectations = parsed.GetValue(expect) is { } path ? await ReadExpectationsAsync(context, path, cancellation) : null;
            var input = await ReadAsync(context, files, folder, parsed.GetValue(apiServer), cancellation);
            foreach (var blocking in input.HasAddresses ? [] : input.Policies.Where(policy => policy.HasIPBlock))
                await context.Error.WriteLineAsync($"harness: {blocking} has an ipBlock; pods in files have no addresses, so it is held against the API server and what is outside alone");

            foreach (var idle in input.Pods.Count == 0 ? [] : input.Policies.Where(policy => !input.Pods.Any(pod => policy.Selects(pod.Pod))))
                await context.Error.WriteLineAsync($"harness: {idle} selects none of the pods");

            var all = ReachAnalysis.Analyse(input, parsed.GetValue(strangers) ? Strangers.AsCallers : Strangers.None, [Https]);
            var (callers, called) = (parsed.GetValue(from) ?? [], parsed.GetValue(to) ?? []);
            RefuseUnknown("--from", callers, all.Sources);
            RefuseUnknown("--to", called, all.Targets.Select(target => target.Party));
            var shown = all.Narrow(callers, called);
            var form = parsed.GetValue(output) ?? (expectations is null ? "table" : null);
            if (form is not null)
                await context.Output.WriteAsync(Render(shown, form));
            return expectations is null ? 0 : await CompareAsync(context, expectations, input, cancellation);
        });
        return command;
    }

    /// <summary>A name that means nobody is a mistake: an empty matrix would look like one in which nothing is allowed.</summary>
    private static void RefuseUnknown(string option, IReadOnlyList<string> patterns, IEnumerable<ReachParty> parties)
    {
        var names = parties.Select(party => party.Name).Distinct(StringComparer.Ordinal).ToList();
        foreach (var pattern in patterns)
            if (!names.Exists(name => ReachName.Matches(pattern, name)))
                throw new CommandException($"{option}: '{pattern}' is nobody there is; write namespace/workload, * for any part. There are: {Listed(names)}");

        static string Listed(List<string> names) => string.Join(", ", names.Take(NamesShownMax)) + (names.Count > NamesShownMax ? $" and {names.Count - NamesShownMax} more" : "");
    }

    private static string Render(ReachReport report, string form) => form switch
    {
        "wide" => ReachText.Wide(report),
        "json" => ReachText.Json(report),
        "svg" => ReachPicture.Svg(report),
        "html" => ReachPicture.Html(report),
        _ => ReachText.Matrix(report),
    };

    private static async Task<int> CompareAsync(CommandContext context, ReachExpectations expectations, ReachInput input, CancellationToken cancellation)
    {
        var differences = expectations.Differences(input, out var compared);
        foreach (var difference in differences)
            await context.Error.WriteLineAsync(difference.AsMemory(), cancellation);
        await context.Error.WriteLineAsync(differences.Count == 0
            ? $"harness: all of {compared} connections are as expected"
            : $"harness: {differences.Count} differences from what is expected, {compared} connections compared");
        return differences.Count == 0 ? 0 : 1;
    }

    private static async Task<ReachInput> ReadAsync(CommandContext context, IReadOnlyList<string> files, string? folder, string? apiServer, CancellationToken cancellation)
    {
        if (files.Count > 0 && folder is not null)
            throw new CommandException("give -f or -k, not both; without either the running cluster is asked");
        IPEndPoint? at = null;
        if (apiServer is not null && (!IPEndPoint.TryParse(apiServer, out at) || at.Port == 0))
            throw new CommandException($"--api-server: '{apiServer}' is not an address and a port; write them as {ReachInput.SimulatedApiServer}");
        if (at is not null && folder is null && files.Count == 0)
            throw new CommandException("--api-server is for -f and -k: the running cluster says itself where its API server is");
        if (folder is not null)
            return ReachManifests.Read(ManifestInput.ReadKustomization(context, folder), at);
        if (files.Count > 0)
            return ReachManifests.Read([.. files.SelectMany(name => ManifestInput.ReadFile(context, name))], at);
        using var client = context.Connect();
        return await ReachCluster.ReadAsync(client, cancellation);
    }

    private static async Task<ReachExpectations> ReadExpectationsAsync(CommandContext context, string path, CancellationToken cancellation)
    {
        var full = Path.GetFullPath(path, context.Process.WorkingDirectory);
        if (!File.Exists(full))
            throw new CommandException($"--expect: there is no file {path}");
        return ReachExpectations.Read(await File.ReadAllTextAsync(full, cancellation), path);
    }
}
