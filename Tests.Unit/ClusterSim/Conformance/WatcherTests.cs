using System.Text.Json.Nodes;
using ClusterSim.Tests.Extensions;

namespace ClusterSim.Tests.Conformance;

/// <summary>What Kubernetes' conformance tests expect of watches.</summary>
public sealed class WatcherTests
{
    private CustomCluster _api = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _api = await CustomCluster.StartAsync();

    [OneTimeTearDown]
    public async Task StopAsync() => await _api.DisposeAsync();

    [Test]
    public async Task Watchers_see_what_their_selectors_choose_and_a_change_of_label_is_a_deletion()
    {
        const string maps = "/api/v1/namespaces/default/configmaps";
        var from = await NowAsync(maps);
        await _api.PostAsync(maps, Map("a", "multiple-watchers-A"));
        await _api.MergeAsync($"{maps}/a", """{"data":{"mutation":"1"}}""");
        await _api.PostAsync(maps, Map("b", "multiple-watchers-B"));
        await _api.MergeAsync($"{maps}/a", """{"metadata":{"labels":{"watch":"other"}}}""");
        await _api.MergeAsync($"{maps}/a", """{"data":{"mutation":"2"}}""");
        await _api.MergeAsync($"{maps}/a", """{"metadata":{"labels":{"watch":"multiple-watchers-A"}}}""");
        await _api.DeleteAsync($"{maps}/a");
        await _api.DeleteAsync($"{maps}/b");

        var onA = WatchAsync(maps, from, "watch=multiple-watchers-A");
        var onB = WatchAsync(maps, from, "watch=multiple-watchers-B");
        var onBoth = WatchAsync(maps, from, "watch in (multiple-watchers-A,multiple-watchers-B)");

        Assert.That(await onA, Is.EqualTo(new[] { "ADDED a", "MODIFIED a", "DELETED a", "ADDED a", "DELETED a" }));
        Assert.That(await onB, Is.EqualTo(new[] { "ADDED b", "DELETED b" }));
        Assert.That(await onBoth, Is.EqualTo(new[] { "ADDED a", "MODIFIED a", "ADDED b", "DELETED a", "ADDED a", "DELETED a", "DELETED b" }));
    }

    [Test]
    public async Task A_watch_goes_on_from_the_last_version_seen_and_starts_from_any()
    {
        const string maps = "/api/v1/namespaces/kube-public/configmaps";
        var from = await NowAsync(maps);
        await _api.PostAsync(maps, Map("restart", "x"));
        var first = (string)(await _api.MergeAsync($"{maps}/restart", """{"data":{"mutation":"1"}}""")).Body!["metadata"]!["resourceVersion"]!;
        Assert.That(await WatchAsync(maps, from, null), Is.EqualTo(new[] { "ADDED restart", "MODIFIED restart" }));
        await _api.MergeAsync($"{maps}/restart", """{"data":{"mutation":"2"}}""");
        await _api.DeleteAsync($"{maps}/restart");
        Assert.That(await WatchAsync(maps, first, null), Is.EqualTo(new[] { "MODIFIED restart", "DELETED restart" }));
    }

    [Test]
    public async Task Watches_begun_at_every_version_agree_on_the_order()
    {
        const string maps = "/api/v1/namespaces/kube-node-lease/configmaps";
        var from = await NowAsync(maps);
        await Parallel.ForEachAsync(Enumerable.Range(0, 4), async (writer, _) =>
        {
            for (var i = 0; i < 10; i++)
            {
                await _api.PostAsync(maps, Map($"c-{writer}-{i}", "order"));
                if (i % 3 == 0)
                    await _api.DeleteAsync($"{maps}/c-{writer}-{i}");
            }
        });
        var all = await VersionsAsync(maps, from);
        Assert.That(all, Has.Count.EqualTo(56));
        Assert.That(all, Is.Ordered);
        var tails = await Task.WhenAll(Enumerable.Range(0, 14).Select(i => VersionsAsync(maps, all[i * 4].ToString(System.Globalization.CultureInfo.InvariantCulture))));
        for (var i = 0; i < tails.Length; i++)
            Assert.That(tails[i], Is.EqualTo(all.Skip((i * 4) + 1)));
    }

    private async Task<string> NowAsync(string path) => (string)(await _api.GetAsync(path)).Body!["metadata"]!["resourceVersion"]!;

    private async Task<List<JsonNode>> EventsAsync(string path, string from, string? selector)
    {
        var told = await _api.Client.GetStringAsync(new Uri($"{path}?watch=true&timeoutSeconds=1&resourceVersion={from}{(selector is null ? "" : "&labelSelector=" + Uri.EscapeDataString(selector))}", UriKind.Relative));
        return [.. told.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }

    private async Task<List<string>> WatchAsync(string path, string from, string? selector) =>
        [.. (await EventsAsync(path, from, selector)).Where(one => (string?)one["object"]!["metadata"]!["name"] != "kube-root-ca.crt").Select(one => $"{one["type"]} {one["object"]!["metadata"]!["name"]}")];

    private async Task<List<long>> VersionsAsync(string path, string from) => [.. (await EventsAsync(path, from, "watch=order")).Select(one =>
        long.Parse((string)one["object"]!["metadata"]!["resourceVersion"]!, System.Globalization.CultureInfo.InvariantCulture))];

    private static string Map(string name, string label) => $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}","labels":{"watch":"{{{label}}}"} } }""";
}
