using System.CommandLine;
using System.Globalization;

namespace Harness.Commands;

/// <summary><c>harness logs</c>.</summary>
internal static class LogsCommand
{
    public static Command Create(CommandContext context)
    {
        var pod = new Argument<string>("pod") { Description = "The pod: NAME or pod/NAME." };
        var @namespace = new Option<string?>("--namespace", "-n") { Description = "Its namespace; default where none is named." };
        var container = new Option<string?>("--container", "-c") { Description = "The container; the only one where none is named." };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on as it grows." };
        var previous = new Option<bool>("--previous", "-p") { Description = "The instance before the last restart." };
        var tail = new Option<long?>("--tail") { Description = "Only so many of the last lines." };
        var since = new Option<long?>("--since-seconds") { Description = "Only what is younger." };
        var timestamps = new Option<bool>("--timestamps") { Description = "Each line after its time." };
        var command = new Command("logs", "Print a container's log.") { pod, @namespace, container, follow, previous, tail, since, timestamps };
        command.SetAction(async (parsed, cancellation) =>
        {
            using var client = context.Connect();
            var query = new List<string>();
            if (parsed.GetValue(container) is { } named)
                query.Add($"container={Uri.EscapeDataString(named)}");
            if (parsed.GetValue(follow))
                query.Add("follow=true");
            if (parsed.GetValue(previous))
                query.Add("previous=true");
            if (parsed.GetValue(timestamps))
                query.Add("timestamps=true");
            if (parsed.GetValue(tail) is { } lines)
                query.Add(string.Create(CultureInfo.InvariantCulture, $"tailLines={lines}"));
            if (parsed.GetValue(since) is { } seconds)
                query.Add(string.Create(CultureInfo.InvariantCulture, $"sinceSeconds={seconds}"));
            await using var log = await client.LogAsync(
                parsed.GetValue(@namespace) ?? client.Namespace, NameOf(parsed.GetRequiredValue(pod)), string.Join('&', query), cancellation);
            await log.CopyToAsync(context.Process.Output, cancellation);
            return 0;
        });
        return command;
    }

    private static string NameOf(string pod) => pod.Split('/', 2) switch
    {
        ["pod" or "pods" or "po", var name] => name,
        [var name] => name,
        _ => throw new CommandException($"{pod}: logs are a pod's; write NAME or pod/NAME"),
    };
}
