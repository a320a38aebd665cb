using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using ClusterSim.CustomResources;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Storage;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http;

/// <summary>
/// A watch: one JSON object a line, until the client goes or the time it asked for is over. What is there already comes first as ADDED
/// where the client named no version, or asked for it (<c>sendInitialEvents</c>). A client that does not read delays only itself.
/// </summary>
internal sealed class WatchResponse(ApiServer server, HttpContext context, RequestTarget target, ListOptions options, Func<Document, ReadOnlyMemory<byte>> form)
{
    // kube-apiserver: --min-request-timeout 1800 s, up to twice that. Bookmarks come about once a minute.
    private static readonly TimeSpan TimeoutDefault = TimeSpan.FromMinutes(40);
    private static readonly TimeSpan BookmarkPeriod = TimeSpan.FromMinutes(1);
    private const int UnflushedBytesMax = 64 * 1024;

    /// <summary>Streams until the end.</summary>
    public async Task RunAsync()
    {
        var query = context.Request.Query;
        var bookmarks = QueryOptions.Flag(query, "allowWatchBookmarks");
        var initial = QueryOptions.Text(query, "sendInitialEvents");
        CheckInitial(initial);
        server.Authorize(target, "watch");
        var matches = ApiServer.Matching(target, server.Selectors.Predicate(options, server.StrategyOf(target)));

        var timeout = QueryOptions.Number(query, "timeoutSeconds") is { } seconds and > 0 ? TimeSpan.FromSeconds(seconds) : TimeoutDefault;
        using var over = new CancellationTokenSource(timeout, server.Clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(over.Token, context.RequestAborted, target.Resource.CustomVersion()?.Ended ?? default);

        context.Response.StatusCode = 200;
        context.Response.ContentType = "application/json";
        var writer = context.Response.BodyWriter;
        try
        {
            var fromNow = string.IsNullOrEmpty(options.ResourceVersion) || options.ResourceVersion == "0";
            var (snapshot, revision) = server.Store.Snapshot(target.Resource.Storage);
            if (initial == "true" || (initial is null && fromNow))
            {
                foreach (var document in snapshot.All(target.Resource.Namespaced ? target.Namespace : null))
                {
                    if (matches is not null && !matches(document))
                        continue;
                    WriteEvent(writer, "ADDED"u8, form(document));
                    await FlushIfFullAsync(writer, stop.Token);
                }
                if (initial == "true" && bookmarks)
                    WriteBookmark(writer, revision, initialEventsEnd: true);
            }
            else if (!fromNow)
            {
                revision = long.Parse(options.ResourceVersion!, CultureInfo.InvariantCulture);
            }
            await writer.FlushAsync(stop.Token);
            await StreamAsync(writer, server.Store.Watch(target.Resource.Storage, revision), revision, matches, bookmarks, stop.Token);
        }
        catch (WatchExpiredException)
        {
            var expired = KubernetesApiException.Expired($"too old resource version: {options.ResourceVersion} ({server.Store.Revision})");
            WriteEvent(writer, "ERROR"u8, expired.ToStatus().ToUtf8());
            await writer.FlushAsync(context.RequestAborted);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client went, or its time is over: a watch ends without a word.
        }
    }

    private async Task StreamAsync(PipeWriter writer, WatchCursor cursor, long revision, Func<Document, bool>? matches, bool bookmarks, CancellationToken stop)
    {
        // One timer at a time: one for each change would be kept for its whole minute.
        var bookmark = bookmarks ? Task.Delay(BookmarkPeriod, server.Clock, stop) : null;
        while (true)
        {
            var batch = cursor.TryRead(out var more);
            if (batch.IsEmpty)
            {
                if (bookmark is null)
                {
                    await more.WaitAsync(stop);
                }
                else if (await Task.WhenAny(more, bookmark) == bookmark)
                {
                    stop.ThrowIfCancellationRequested();
                    bookmark = Task.Delay(BookmarkPeriod, server.Clock, stop);
                    WriteBookmark(writer, Math.Max(revision, server.Store.LatestOf(target.Resource.Storage)), initialEventsEnd: false);
                    await writer.FlushAsync(stop);
                }
                continue;
            }
            for (var i = 0; i < batch.Length; i++)
            {
                revision = batch.Span[i].Document.Revision;
                if (ApiServer.Seen(batch.Span[i], matches) is not { } seen)
                    continue;
                WriteEvent(writer, NameOf(seen.Change), form(seen.Document));
                await FlushIfFullAsync(writer, stop);
            }
            await writer.FlushAsync(stop);
        }
    }

    // A client that does not read makes this wait, not the memory grow.
    private static async ValueTask FlushIfFullAsync(PipeWriter writer, CancellationToken stop)
    {
        if (writer.UnflushedBytes > UnflushedBytesMax)
            await writer.FlushAsync(stop);
    }

    private static ReadOnlySpan<byte> NameOf(StoreChange change) => change switch
    {
        StoreChange.Added => "ADDED"u8,
        StoreChange.Modified => "MODIFIED"u8,
        _ => "DELETED"u8,
    };

    private static void WriteEvent(PipeWriter writer, ReadOnlySpan<byte> type, ReadOnlyMemory<byte> @object)
    {
        writer.Write("{\"type\":\""u8);
        writer.Write(type);
        writer.Write("\",\"object\":"u8);
        writer.Write(@object.Span);
        writer.Write("}\n"u8);
    }

    private void WriteBookmark(PipeWriter writer, long revision, bool initialEventsEnd)
    {
        var metadata = JsonBuilding.Object(("resourceVersion", revision.ToString(CultureInfo.InvariantCulture)), ("creationTimestamp", null));
        if (initialEventsEnd)
            metadata["annotations"] = JsonBuilding.Object(("k8s.io/initial-events-end", "true"));
        WriteEvent(writer, "BOOKMARK"u8, JsonBuilding.Object(
            ("kind", target.Resource.Kind), ("apiVersion", target.Resource.GroupVersion.ToString()), ("metadata", metadata)).ToUtf8());
    }

    private void CheckInitial(string? initial)
    {
        if (initial is null || options.ResourceVersionMatch == "NotOlderThan")
            return;
        throw KubernetesApiException.Invalid(new("meta.k8s.io", "v1", "ListOptions"), "",
            [new("FieldValueForbidden", "resourceVersionMatch", "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")]);
    }
}
