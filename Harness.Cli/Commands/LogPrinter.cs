using Harness.Kube;

namespace Harness.Commands;

/// <summary>Prints one log as it comes, or several line by line: beside each other, so that those that are followed take turns.</summary>
internal sealed class LogPrinter(CommandContext context, KubeClient client, string @namespace, string query)
{
    private readonly Lock _lock = new();

    /// <summary>Prints them to their ends.</summary>
    public async Task PrintAsync(IReadOnlyList<(string Pod, string Container)> logs, bool withPrefix, CancellationToken cancellation)
    {
        if (logs is [var (pod, container)] && !withPrefix)
        {
            await using var log = await OpenAsync(pod, container, cancellation);
            await log.CopyToAsync(context.Process.Output, cancellation);
            return;
        }
        var streams = new List<(Stream Log, string Prefix)>();
        foreach (var (ofPod, ofContainer) in logs)
            streams.Add((await OpenAsync(ofPod, ofContainer, cancellation), withPrefix ? $"[pod/{ofPod}/{ofContainer}] " : ""));
        await Task.WhenAll(streams.Select(one => PrintLinesAsync(one.Log, one.Prefix, cancellation)));
    }

    private Task<Stream> OpenAsync(string pod, string container, CancellationToken cancellation) =>
        client.LogAsync(@namespace, pod, $"container={Uri.EscapeDataString(container)}{(query.Length > 0 ? "&" : "")}{query}", cancellation);

    private async Task PrintLinesAsync(Stream log, string prefix, CancellationToken cancellation)
    {
        using var reader = new StreamReader(log);
        while (await reader.ReadLineAsync(cancellation) is { } line)
            lock (_lock)
                context.Output.WriteLine(prefix + line);
    }
}
