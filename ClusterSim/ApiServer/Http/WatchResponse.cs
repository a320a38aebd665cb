using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using ClusterSim.CustomResources;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ClusterSim.Http;

/// <summary>
/// A watch: one JSON object a line, until the client goes or the time it asked for is over. What is there already comes first as ADDED
/// where the client named no version, or asked for it (<c>sendInitialEvents</c>). A client that does not read delays only itself.
/// </summary>
/// <param name="server">The API server.</param>
/// <param name="context">The request.</param>
/// <param name="target">What is watched.</param>
/// <param name="options">Which objects, from when.</param>
/// <param name="media">What events are written in.</param>
/// <param name="form">An object in JSON, in the shape of the answer.</param>
internal sealed class WatchResponse(
    ApiServer server, HttpContext context, RequestTarget target, ListOptions options, OutputMediaType media, Func<Document, ReadOnlyMemory<byte>> form)
{
    // cacheWatcher.nextBookmarkTime: one comes shortly before the end.
    private static readonly TimeSpan BookmarkBeforeEnd = TimeSpan.FromSeconds(2);
    // kube-apiserver: --min-request-timeout 1800 s, up to twice that. Bookmarks come about once a minute.
    private static readonly TimeSpan TimeoutDefault = TimeSpan.FromMinutes(40);
    private static readonly TimeSpan BookmarkPeriod = TimeSpan.FromMinutes(1);
    private const int UnflushedBytesMax = 64 * 1024;

    /// <summary>Streams until the end.</summary>
    public async Task RunAsync()
    {
        server.Authorize(target, "watch");
        var bookmarks = options.AllowWatchBookmarks;
        var matches = ApiServer.Matching(target, server.Selectors.Predicate(options, server.StrategyOf(target), target.Resource.GroupVersion));

        var timeout = options.TimeoutSeconds is { } seconds and > 0 ? TimeSpan.FromSeconds(seconds) : TimeoutDefault;
        var end = server.Clock.GetUtcNow() + timeout;
        using var over = new CancellationTokenSource(timeout, server.Clock);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(over.Token, context.RequestAborted, target.Resource.CustomVersion()?.Ended ?? default);

        context.Response.StatusCode = 200;
        context.Response.ContentType = media.Encoding == AnswerEncoding.Protobuf ? "application/vnd.kubernetes.protobuf;stream=watch" : "application/json";
        var writer = context.Response.BodyWriter;
        try
        {
            var fromNow = string.IsNullOrEmpty(options.ResourceVersion) || options.ResourceVersion == "0";
            var (snapshot, revision) = server.Store.Snapshot(target.Resource.Storage);
            if (options.SendInitialEvents == true)
            {
                foreach (var document in snapshot.All(target.Resource.Namespaced ? target.Namespace : null))
                {
                    if (matches is not null && !matches(document))
                        continue;
                    WriteEvent(writer, "ADDED", form(document));
                    await FlushIfFullAsync(writer, stop.Token);
                }
                // Only who asked for initial events is told of their end.
                if (context.Request.Query.ContainsKey("sendInitialEvents") && bookmarks)
                    WriteBookmark(writer, revision, initialEventsEnd: true);
            }
            else if (!fromNow)
            {
                revision = long.Parse(options.ResourceVersion!, CultureInfo.InvariantCulture);
            }
            await writer.FlushAsync(stop.Token);
            await StreamAsync(writer, server.Store.Watch(target.Resource.Storage, revision), revision, matches, bookmarks, end, stop.Token);
        }
        catch (WatchExpiredException)
        {
            var expired = KubernetesApiException.Expired($"too old resource version: {options.ResourceVersion} ({server.Store.Revision})");
            WriteEvent(writer, "ERROR", expired.ToStatus().ToUtf8());
            await writer.FlushAsync(context.RequestAborted);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The client went, or its time is over: a watch ends without a word.
        }
    }

    private async Task StreamAsync(PipeWriter writer, WatchCursor cursor, long revision, Func<Document, bool>? matches, bool bookmarks, DateTimeOffset end, CancellationToken stop)
    {
        // One timer at a time: one for each change would be kept for its whole minute.
        var bookmark = bookmarks ? Task.Delay(UntilBookmark(end), server.Clock, stop) : null;
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
                    bookmark = Task.Delay(UntilBookmark(end), server.Clock, stop);
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

    private TimeSpan UntilBookmark(DateTimeOffset end)
    {
        var beforeEnd = end - BookmarkBeforeEnd - server.Clock.GetUtcNow();
        return beforeEnd > TimeSpan.Zero && beforeEnd < BookmarkPeriod ? beforeEnd : BookmarkPeriod;
    }

    // A client that does not read makes this wait, not the memory grow.
    private static async ValueTask FlushIfFullAsync(PipeWriter writer, CancellationToken stop)
    {
        if (writer.UnflushedBytes > UnflushedBytesMax)
            await writer.FlushAsync(stop);
    }

    private static string NameOf(StoreChange change) => change switch
    {
        StoreChange.Added => "ADDED",
        StoreChange.Modified => "MODIFIED",
        _ => "DELETED",
    };

    private void WriteEvent(PipeWriter writer, string type, ReadOnlyMemory<byte> @object)
    {
        if (media.Encoding == AnswerEncoding.Protobuf)
        {
            writer.Write(context.Features.GetRequiredFeature<AnswerEncoder>().EncodeEvent(type, @object));
            return;
        }
        writer.Write("{\"type\":\""u8);
        Encoding.UTF8.GetBytes(type, writer);
        writer.Write("\",\"object\":"u8);
        writer.Write(@object.Span);
        writer.Write("}\n"u8);
    }

    private void WriteBookmark(PipeWriter writer, long revision, bool initialEventsEnd)
    {
        var metadata = JsonBuilding.Object(("resourceVersion", revision.ToString(CultureInfo.InvariantCulture)), ("creationTimestamp", null));
        if (initialEventsEnd)
            metadata["annotations"] = JsonBuilding.Object(("k8s.io/initial-events-end", "true"));
        var (kind, version) = media.Form == ObjectForm.Metadata ? ("PartialObjectMetadata", "meta.k8s.io/v1") : (target.Resource.Kind, target.Resource.GroupVersion.ToString());
        WriteEvent(writer, "BOOKMARK", JsonBuilding.Object(("kind", kind), ("apiVersion", version), ("metadata", metadata)).ToUtf8());
    }
}
