using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using ClusterSim.Api.Tables;
using ClusterSim.Json;

namespace Tests.Unit.ClusterSim.Nodes;

/// <summary>
/// The 29 pods that a real node ran for about 50 seconds, run here for as long on a manual clock: same status, same events. The three
/// that no scheduler places are the scheduler's to show. What depends on the moment (which of two alternating states, how often a
/// repeated event was told) is compared as <see cref="Alternating"/> and <see cref="Told"/> say.
/// </summary>
public sealed partial class RecordedPodTests
{
    private const string Namespace = "fid-node";

    private static readonly string[] OfTheScheduler = ["unschedulable", "too-big", "no-claim"];

    // Fields of a moment or of a run: the recording left them out or masked them.
    private static readonly string[] NotRecorded = ["containerID", "imageID", "startedAt", "finishedAt", "podIP", "podIPs", "hostIP", "hostIPs", "startTime"];

    private static JsonElement Recorded { get; } = JsonElement.Parse(File.ReadAllBytes(Path.Combine(
        TestContext.CurrentContext.TestDirectory, "ClusterSim", "Nodes", "recorded-pods.json")));

    private static IEnumerable<string> Names => Recorded.Fields().Select(pod => pod.Name).Except(OfTheScheduler, StringComparer.Ordinal);

    [TestCaseSource(nameof(Names))]
    public async Task A_recorded_pod_gets_the_same_status_and_events(string name)
    {
        await using var nodes = new TestNodes();
        nodes.Put("v1", "ServiceAccount", Namespace, "default");
        nodes.Put("v1", "ConfigMap", Namespace, "kube-root-ca.crt", ("data", new JsonObject { ["ca.crt"] = "certificate" }));
        var recorded = Recorded.At(name);

        var pod = nodes.Pod(name, recorded.At("spec").GetRawText(), Namespace, withToken: true);
        nodes.Advance(50);

        var row = PodRow.Print(nodes.Find(name, Namespace)!.Root, nodes.Manual.GetUtcNow());
        var status = nodes.Status(name, Namespace).ToObject();
        status.Remove("qosClass");
        var expected = recorded.At("status").ToObject();
        expected.Remove("qosClass");
        Assert.Multiple(() =>
        {
            Assert.That(Columns($"{row[0]} {row[1]} {row[2]} {row[3]}"), Is.EqualTo(Columns(recorded.At("row").Text(""))));
            Assert.That(Text(Masked(Alternating(status), pod.Uid)), Is.EqualTo(Text(Masked(Alternating(expected), pod.Uid))));
            Assert.That(
                Told(nodes.Events(name, Namespace), pod.Uid),
                Is.EqualTo(Told(recorded.At("events").Items().Where(told => told.At("source").Text() == "kubelet").Select(told =>
                    $"{told.At("type").Text()} {told.At("reason").Text()} {told.At("message").Text()} ×{told.At("count").Integer(0)}"), pod.Uid)));
        });
    }

    /// <summary>NAME, READY, STATUS and RESTARTS of <c>kubectl get pods</c>; the two words of a restart loop alternate, and its count is of the moment.</summary>
    private static string Columns(string row)
    {
        var words = row.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var isLoop = words[3] != "0";
        var status = isLoop && words[2].Split(':')[^1] is "CrashLoopBackOff" or "Error" or "RunContainerError" or "Completed" ? "a restart loop" : words[2];
        return $"{words[0]} {words[1]} {status} {(isLoop ? "several" : words[3])}";
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
                return JsonValue.Create(text.Replace(uid, "<uid>", StringComparison.Ordinal).Replace("kube-api-access-abcde", "kube-api-access-<suffix>", StringComparison.Ordinal));
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

    [GeneratedRegex(" ×([2-9]|[0-9]{2,})$")]
    private static partial Regex Count();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Uid();

    [GeneratedRegex(@"10\.42\.0\.[0-9]+")]
    private static partial Regex Address();
}
