using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ClusterSim;
using ClusterSim.Machinery;
using ClusterSim.Network;
using ClusterSim.Nodes;
using ClusterSim.Nodes.Simulated;
using ClusterSim.Storage;
using ClusterSim.Tables;

namespace ClusterSim.Tests.Nodes;

/// <summary>
/// The 29 pods that a real node ran for about 50 seconds, run here for as long on a manual clock: all of them on a whole cluster, and those that
/// the scheduler placed on a node alone; same status, same row, same events. What depends on the moment (which of two alternating states,
/// how often a repeated event was told) is compared as <see cref="Alternating"/> and <see cref="Told"/> say.
/// </summary>
public sealed partial class RecordedPodTests
{
    private const string Namespace = "fid-node";

    // Fields of a moment or of a run: the recording left them out or masked them.
    private static readonly string[] NotRecorded = ["containerID", "imageID", "startedAt", "finishedAt", "podIP", "podIPs", "hostIP", "hostIPs", "startTime"];

    private static JsonElement Recorded { get; } = JsonElement.Parse(File.ReadAllBytes(Path.Combine(
        TestContext.CurrentContext.TestDirectory, "ClusterSim", "Nodes", "recorded-pods.json")));

    private static IEnumerable<string> Names => Recorded.Fields().Select(pod => pod.Name);

    private static IEnumerable<string> Placed => Recorded.Fields().Where(pod => pod.Value.At("events").Items().Any(one => one.At("reason").Text() == "Scheduled")).Select(pod => pod.Name);

    [TestCaseSource(nameof(Placed))]
    public async Task A_recorded_pod_gets_the_same_status_and_events(string name)
    {
        await using var nodes = new TestNodes();
        nodes.Put("v1", "ServiceAccount", Namespace, "default");
        nodes.Put("v1", "ConfigMap", Namespace, "kube-root-ca.crt", ("data", new JsonObject { ["ca.crt"] = "certificate" }));
        var recorded = Recorded.At(name);

        nodes.Pod(name, recorded.At("spec").GetRawText(), Namespace, withToken: true);
        nodes.Advance(50);

        Assert.Multiple(() => Compare(name, nodes.Find(name, Namespace)!.Root, nodes.Events(name, Namespace), nodes.Manual.GetUtcNow(), "kubelet"));
    }

    [Test]
    public async Task All_recorded_pods_are_the_same_on_a_whole_cluster()
    {
        var clock = new ManualClock(new DateTimeOffset(2026, 11, 22, 8, 0, 0, TimeSpan.Zero));
        await using var cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions
        {
            Clock = clock,
            Seed = 1,
            Network = new NetworkOptions { PodRange = "10.42.0.0/16" },
            Nodes = [new NodeOptions { Name = "node-1" }],
        });
        BoxImage.AddTo(cluster.Images);
        cluster.ApplyYaml($"{{apiVersion: v1, kind: Namespace, metadata: {{name: {Namespace}}}}}");
        await clock.AdvanceAsync(TimeSpan.FromSeconds(1));
        // Each as long before the end as it was there: what one pod leaves lets the scheduler look at another again.
        var created = Names.Select(Age).Max();
        foreach (var name in Names)
        {
            await clock.AdvanceAsync(TimeSpan.FromSeconds(created - Age(name)));
            created = Age(name);
            cluster.ApplyYaml(new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Pod",
                ["metadata"] = new JsonObject { ["name"] = name, ["namespace"] = Namespace },
                ["spec"] = JsonNode.Parse(Recorded.At(name, "spec").GetRawText()),
            }.ToJsonString());
        }

        await clock.AdvanceAsync(TimeSpan.FromSeconds(created));

        var told = cluster.List("events", Namespace);
        Assert.That(Recorded.Fields().Count(), Is.EqualTo(29));
        Assert.Multiple(() =>
        {
            foreach (var name in Names)
                Compare(
                    name, cluster.Find("pods", Namespace, name)!.Value,
                    [.. told.Where(one => one.At("involvedObject", "name").Text() == name).Select(one =>
                        $"{one.At("type").Text()} {one.At("reason").Text()} {one.At("message").Text()} ×{one.At("count").Integer() ?? one.At("series", "count").Integer(1)}")],
                    clock.GetUtcNow());
        });
    }

    private static int Age(string name) => int.Parse(AgeColumn().Match(Recorded.At(name, "row").Text("")).Groups[1].Value, CultureInfo.InvariantCulture);

    private static void Compare(string name, JsonElement pod, IReadOnlyList<string> told, DateTimeOffset now, string? source = null)
    {
        var recorded = Recorded.At(name);
        var uid = pod.At("metadata", "uid").Text("");
        var row = PodRow.Print(pod, now);
        var status = pod.At("status").ToObject();
        status.Remove("qosClass");
        var expected = recorded.At("status").ToObject();
        expected.Remove("qosClass");
        Assert.That(Columns(string.Join("  ", row.Select(cell => cell!.ToString()))), Is.EqualTo(Columns(recorded.At("row").Text(""))));
        Assert.That(Text(Masked(Alternating(status), uid)), Is.EqualTo(Text(Masked(Alternating(expected), uid))), name);
        Assert.That(
            Told(told, uid),
            Is.EqualTo(Told(recorded.At("events").Items().Where(one => source is null || one.At("source").Text() == source).Select(one =>
                $"{one.At("type").Text()} {one.At("reason").Text()} {one.At("message").Text()} ×{one.At("count").Integer(0)}"), uid)), name);
    }

    /// <summary>
    /// The columns of <c>kubectl get pods -o wide</c> but AGE; the two words of a restart loop alternate, its count is of the moment, and addresses
    /// are of the run.
    /// </summary>
    private static string Columns(string row)
    {
        var words = AgoWords().Replace(row, "").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var isLoop = words[3] != "0";
        var status = isLoop && words[2].Split(':')[^1] is "CrashLoopBackOff" or "Error" or "RunContainerError" or "Completed" ? "a restart loop" : words[2];
        return Address().Replace($"{words[0]} {words[1]} {status} {(isLoop ? "several" : words[3])} {string.Join(' ', words[5..])}", "10.42.0.1");
    }

    /// <summary>Of a container in a restart loop, the end it last came to and the wait for the next start alternate: the wait is shown as the end.</summary>
    private static JsonObject Alternating(JsonObject status)
    {
        foreach (var field in (ReadOnlySpan<string>)["containerStatuses", "initContainerStatuses"])
            foreach (var container in status[field] as JsonArray ?? [])
                if (container!["state"]?["waiting"]?["reason"]?.GetValue<string>() is "CrashLoopBackOff" or "RunContainerError")
                {
                    container["state"] = container["lastState"]!.DeepClone();
                    container["restartCount"] = "several";
                }
                else if (container["restartCount"]!.GetValue<int>() > 0)
                {
                    container["restartCount"] = "several";
                }
        return status;
    }

    /// <summary>Events told more than once are told more than once; how often depends on the moment.</summary>
    private static List<string> Told(IEnumerable<string> events, string uid) =>
        [.. events.Select(told => Count().Replace(Uid().Replace(told.Replace(uid, "<uid>", StringComparison.Ordinal), "<uid>"), " ×several"))
            .Select(told => Address().Replace(told, "10.42.0.1")).Order(StringComparer.Ordinal)];

    private static JsonNode Masked(JsonNode node, string uid)
    {
        switch (node)
        {
            case JsonObject @object:
                foreach (var (name, value) in @object.ToList())
                {
                    if (NotRecorded.Contains(name))
                        @object.Remove(name);
                    else if (name == "lastTransitionTime")
                        @object[name] = "<lastTransitionTime>";
                    else if (name == "uid")
                        @object[name] = "<uid>";
                    else if (value is not null)
                        @object[name] = Masked(value.DeepClone(), uid);
                }
                return @object;
            case JsonArray array:
                return new JsonArray([.. array.Select(item => Masked(item!.DeepClone(), uid))]);
            case JsonValue value when value.TryGetValue<string>(out var text):
                return JsonValue.Create(TokenVolume().Replace(text.Replace(uid, "<uid>", StringComparison.Ordinal), "kube-api-access-<suffix>"));
            default:
                return node.DeepClone();
        }
    }

    private static string Text(JsonNode node) => Sorted(node).ToJsonString(new JsonSerializerOptions { WriteIndented = true });

    private static JsonNode Sorted(JsonNode node) => node switch
    {
        JsonObject @object => new JsonObject(@object.OrderBy(field => field.Key, StringComparer.Ordinal)
            .Select(field => KeyValuePair.Create(field.Key, field.Value is null ? null : Sorted(field.Value.DeepClone())))),
        JsonArray array => new JsonArray([.. array.Select(item => Sorted(item!.DeepClone()))]),
        _ => node.DeepClone(),
    };

    [GeneratedRegex("kube-api-access-[a-z0-9]{5}$")]
    private static partial Regex TokenVolume();

    [GeneratedRegex(" ×([2-9]|[0-9]{2,})$")]
    private static partial Regex Count();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uid();

    [GeneratedRegex(@" \([^)]* ago\)")]
    private static partial Regex AgoWords();

    [GeneratedRegex(@" ([0-9]+)s +(?:10\.|<none>)")]
    private static partial Regex AgeColumn();

    [GeneratedRegex(@"10\.42\.0\.[0-9]+")]
    private static partial Regex Address();
}
