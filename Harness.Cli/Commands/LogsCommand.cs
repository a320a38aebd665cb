using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using ClusterSim.Json;
using Harness.Kube;

namespace Harness.Commands;

/// <summary><c>harness logs</c>: of a pod, of a workload's pods, or of those that a selector finds.</summary>
internal static class LogsCommand
{
    private const int LinesOfSelected = 10;

    public static Command Create(CommandContext context)
    {
        var what = new Argument<string?>("pod") { Description = "The pod: NAME or pod/NAME; or TYPE/NAME of what has pods: deploy/shop-api.", Arity = ArgumentArity.ZeroOrOne };
        var @namespace = new Option<string?>("--namespace", "-n") { Description = "Its namespace; default where none is named." };
        var selector = new Option<string?>("--selector", "-l") { Description = "The pods that a label selector finds; ten lines of each unless --tail says otherwise." };
        var container = new Option<string?>("--container", "-c") { Description = "The container; the first one where none is named." };
        var everyContainer = new Option<bool>("--all-containers") { Description = "All containers." };
        var prefix = new Option<bool>("--prefix") { Description = "Each line after its pod and container." };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on as it grows." };
        var previous = new Option<bool>("--previous", "-p") { Description = "The instance before the last restart." };
        var tail = new Option<long?>("--tail") { Description = "Only so many of the last lines." };
        var since = new Option<string?>("--since") { Description = "Only what is younger: 90s, 5m, 1h30m." };
        var timestamps = new Option<bool>("--timestamps") { Description = "Each line after its time." };
        var command = new Command("logs", "Print containers' logs.") { what, @namespace, selector, container, everyContainer, prefix, follow, previous, tail, since, timestamps };
        command.SetAction(async (parsed, cancellation) =>
        {
            var query = new List<string>();
            if (parsed.GetValue(follow))
                query.Add("follow=true");
            if (parsed.GetValue(previous))
                query.Add("previous=true");
            if (parsed.GetValue(timestamps))
                query.Add("timestamps=true");
            if ((parsed.GetValue(tail) ?? (parsed.GetValue(selector) is null ? null : (long?)LinesOfSelected)) is { } lines)
                query.Add(string.Create(CultureInfo.InvariantCulture, $"tailLines={lines}"));
            if (parsed.GetValue(since) is { } duration)
                query.Add(string.Create(CultureInfo.InvariantCulture, $"sinceSeconds={Seconds(duration)}"));
            using var client = context.Connect();
            var place = parsed.GetValue(@namespace) ?? client.Namespace;
            var pods = await PodLookup.FindAsync(context, client, place, parsed.GetValue(what), parsed.GetValue(selector), cancellation);
            var logs = new List<(string Pod, string Container)>();
            foreach (var pod in pods)
                logs.AddRange(Containers(context, pod, parsed.GetValue(container), parsed.GetValue(everyContainer)).Select(name => (pod.At("metadata", "name").Text(""), name)));
            await new LogPrinter(context, client, place, string.Join('&', query)).PrintAsync(logs, parsed.GetValue(prefix), cancellation);
            return 0;
        });
        return command;
    }

    private static IReadOnlyList<string> Containers(CommandContext context, JsonElement pod, string? named, bool every)
    {
        var spec = pod.At("spec");
        string[] Names(string field) => [.. spec.At(field).Items().Select(one => one.At("name").Text(""))];
        var (main, init, ephemeral) = (Names("containers"), Names("initContainers"), Names("ephemeralContainers"));
        if (every)
            return [.. init, .. main, .. ephemeral];
        if (named is not null)
            return [named];
        var chosen = pod.At("metadata", "annotations").At("kubectl.kubernetes.io/default-container").Text() is { } wanted && main.Contains(wanted) ? wanted : main[0];
        if (main.Length + init.Length + ephemeral.Length > 1)
            context.Error.WriteLine($"Defaulted container \"{chosen}\" out of: {string.Join(", ", [.. main, .. ephemeral.Select(name => name + " (ephem)"), .. init.Select(name => name + " (init)")])}");
        return [chosen];
    }

    private static long Seconds(string duration)
    {
        var total = TimeSpan.Zero;
        var rest = duration.AsSpan();
        while (rest.Length > 0)
        {
            var digits = rest.IndexOfAnyExceptInRange('0', '9');
            if (digits <= 0 || !int.TryParse(rest[..digits], CultureInfo.InvariantCulture, out var amount))
                throw Malformed();
            total += rest[digits] switch { 's' => TimeSpan.FromSeconds(amount), 'm' => TimeSpan.FromMinutes(amount), 'h' => TimeSpan.FromHours(amount), _ => throw Malformed() };
            rest = rest[(digits + 1)..];
        }
        return total > TimeSpan.Zero ? (long)total.TotalSeconds : throw Malformed();

        CommandException Malformed() => new($"--since {duration}: write a duration such as 90s, 5m or 1h30m");
    }
}
