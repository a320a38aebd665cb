using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Client;
using ClusterSim.Machinery;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;
using ClusterSim.Tests.Fidelity;

namespace ClusterSim.Tests.Api;

/// <summary>Many watchers of one namespace, over HTTP/2 and TLS: each sees every change in order; who does not read harms nobody.</summary>
[TestFixture]
internal sealed class WatcherTests
{
    private const string Path = "/api/v1/namespaces/default/configmaps?watch=1&labelSelector=watched&resourceVersion="; // the cluster makes a ConfigMap of its own there
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    [TestCase(100, 100)]
    [TestCase(1000, 1000, Explicit = true, Reason = "the figure of the full size, for `make bench-watch`")]
    public async Task Every_watcher_sees_every_change_in_order(int watchers, int changes)
    {
        await using var cluster = await SimulatedCluster.StartAsync();
        using var client = ApiHttp.ClientOf(cluster);
        client.DefaultRequestVersion = HttpVersion.Version20;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using var limit = new CancellationTokenSource(Patience);
        var from = cluster.Server.Store.Revision;
        var streams = await Task.WhenAll(Enumerable.Range(0, watchers).Select(_ => OpenAsync(client, from, limit.Token)));

        var began = Stopwatch.GetTimestamp();
        var reading = streams.Select(stream => Task.Run(() => ReadAsync(stream, changes, _ => { }, limit.Token))).ToList();
        var made = Change(cluster, changes, size: 200, _ => { });
        var seen = await Task.WhenAll(reading);
        TestContext.Out.WriteLine($"{watchers} watchers saw {changes} changes each after {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");

        Assert.That(seen, Has.All.EqualTo(made));
    }

    [Test]
    public async Task Watchers_that_do_not_read_are_told_to_list_again_and_delay_nobody()
    {
        const int slow = 20, changes = 10_000, ahead = 2000;
        await using var cluster = await SimulatedCluster.StartAsync();
        using var client = ApiHttp.ClientOf(cluster);
        using var limit = new CancellationTokenSource(Patience);
        var from = cluster.Server.Store.Revision;
        var idle = await Task.WhenAll(Enumerable.Range(0, slow).Select(_ => OpenAsync(client, from, limit.Token)));
        var fast = await OpenAsync(client, from, limit.Token);

        var read = 0;
        var reading = Task.Run(() => ReadAsync(fast, changes, count => Volatile.Write(ref read, count), limit.Token));
        // As fast as the one that reads, so that it is the others who fall behind.
        var made = await Task.Run(() => Change(cluster, changes, size: 2000, count => SpinWait.SpinUntil(() => count - Volatile.Read(ref read) < ahead || limit.IsCancellationRequested)));
        Assert.That(await reading, Is.EqualTo(made), "the watcher that reads");

        foreach (var stream in idle)
        {
            var (events, last) = await ReadToEndAsync(stream, limit.Token);
            Assert.That(events, Is.EqualTo(made.Take(events.Count)), "what was sent before it fell behind");
            Assert.That((last.At("type").Text(), last.At("object", "code").Integer(), last.At("object", "reason").Text()), Is.EqualTo(("ERROR", 410L, "Expired")));
        }
    }

    // client-go asks every watch for bookmarks: a timer a change, each kept for its minute, was a leak as fast as the cluster is.
    [Test]
    public async Task A_watch_with_bookmarks_has_one_timer_however_many_changes_it_sees()
    {
        const int changes = 100;
        var clock = new MinuteTimers();
        await using var cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Nodes = [], Clock = clock });
        using var client = ApiHttp.ClientOf(cluster);
        using var limit = new CancellationTokenSource(Patience);
        using var stream = await OpenAsync(client, cluster.Server.Store.Revision, limit.Token, "&allowWatchBookmarks=true");
        var before = clock.Made;

        for (var i = 0; i < changes; i++)
        {
            Change(cluster, 1, size: 1, _ => { });
            Assert.That(await stream.ReadLineAsync(limit.Token), Does.StartWith("{\"type\":\"ADDED\""));
            cluster.Admin.Delete(cluster.Admin.Resource("configmaps"), new("default", "map-0"));
            Assert.That(await stream.ReadLineAsync(limit.Token), Does.StartWith("{\"type\":\"DELETED\""));
        }

        Assert.That(clock.Made - before, Is.LessThan(changes / 2));
    }

    private static async Task<StreamReader> OpenAsync(HttpClient client, long from, CancellationToken cancellation, string more = "")
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path + from + more) { Version = client.DefaultRequestVersion, VersionPolicy = client.DefaultVersionPolicy };
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        return new StreamReader(await response.Content.ReadAsStreamAsync(cancellation));
    }

    /// <summary>Creates, changes and deletes ConfigMaps; what each change is, in order.</summary>
    private static List<string> Change(SimulatedCluster cluster, int changes, int size, Action<int> before)
    {
        var maps = cluster.Admin.Resource("configmaps");
        var made = new List<string>(changes);
        for (var i = 0; i < changes; i++)
        {
            before(i);
            var name = $"map-{i / 3}";
            var @object = (JsonObject)JsonNode.Parse($$$"""{"metadata":{"name":"{{{name}}}","namespace":"default","labels":{"watched":"yes"}},"data":{"k":"{{{i}}}{{{new string('x', size)}}}"}}""")!;
            switch (i % 3)
            {
                case 0:
                    made.Add(Told("ADDED", cluster.Admin.Create(maps, @object).Root));
                    break;
                case 1:
                    made.Add(Told("MODIFIED", cluster.Admin.Update(maps, @object).Root));
                    break;
                default:
                    cluster.Admin.Delete(maps, new("default", name));
                    made.Add($"DELETED {name} {cluster.Server.Store.LatestOf(maps.Storage)}");
                    break;
            }
        }
        return made;
    }

    private static async Task<List<string>> ReadAsync(StreamReader stream, int count, Action<int> each, CancellationToken cancellation)
    {
        var seen = new List<string>(count);
        while (seen.Count < count && await stream.ReadLineAsync(cancellation) is { } line)
        {
            seen.Add(Told(JsonElement.Parse(line)));
            each(seen.Count);
        }
        stream.Dispose();
        return seen;
    }

    private static async Task<(List<string> Events, JsonElement Last)> ReadToEndAsync(StreamReader stream, CancellationToken cancellation)
    {
        var seen = new List<string>();
        JsonElement last = default;
        while (await stream.ReadLineAsync(cancellation) is { } line)
        {
            last = JsonElement.Parse(line);
            if (last.At("type").Text() != "ERROR")
                seen.Add(Told(last));
        }
        stream.Dispose();
        return (seen, last);
    }

    private static string Told(JsonElement @event) => Told(@event.At("type").Text("none"), @event.At("object"));

    private static string Told(string change, JsonElement @object) => $"{change} {@object.At("metadata", "name").Text()} {@object.At("metadata", "resourceVersion").Text()}";

    private sealed class MinuteTimers : TimeProvider
    {
        private int _made;

        /// <summary>How many timers of a minute were made.</summary>
        public int Made => Volatile.Read(ref _made);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime == TimeSpan.FromMinutes(1))
                Interlocked.Increment(ref _made);
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
