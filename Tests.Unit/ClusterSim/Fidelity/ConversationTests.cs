using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Nodes;

namespace ClusterSim.Tests.Fidelity;

/// <summary>
/// Says to a simulated cluster, over HTTPS, what was said to a real Kubernetes 1.36, and compares the answers. Where a step cannot match, the
/// reason stands here, and the step is expected to differ.
/// </summary>
[Category("Fidelity")]
public sealed class ConversationTests
{
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan WaitPause = TimeSpan.FromMilliseconds(50);

    // What differs, and must.
    private static readonly IReadOnlyDictionary<string, string> Differing = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["08-watch / 09 too old"] = "the message names the oldest version that server still held",
    };

    // What may differ: the recording caught a controller before or after it acted.
    private static readonly IReadOnlyDictionary<string, string> Racing = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["04-lifecycle / 30 change pod image"] = "whether the scheduler has written its condition yet",
        ["05-patches / 12 merge: annotate"] = "whether the deployment controller has annotated the revision yet",
    };

    private SimulatedCluster _cluster = null!;
    private HttpClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        // The recordings' cluster had one node, which none of their pods fits, and neither StorageClass nor IngressClass.
        _cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { KeepEndpoints = false, Nodes = [new NodeOptions { Name = "node-1" }] });
        _client = ApiHttp.ClientOf(_cluster);
        foreach (var path in (string[])["/apis/storage.k8s.io/v1/storageclasses/standard", "/apis/networking.k8s.io/v1/ingressclasses/nginx"])
        {
            using var gone = await _client.DeleteAsync(new Uri(path, UriKind.Relative));
            Assert.That(gone.StatusCode, Is.EqualTo(HttpStatusCode.OK), path);
        }
        await WaitForAsync("/api/v1/nodes/node-1", node => node?["spec"]?["taints"] is null);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _cluster.DisposeAsync();
    }

    [TestCaseSource(typeof(Conversation), nameof(Conversation.Names))]
    public async Task The_cluster_answers_as_Kubernetes_did(string name)
    {
        var talk = Conversation.Read(name);
        var problems = new List<string>();
        foreach (var step in talk.Steps)
        {
            var title = $"{name} / {step["name"]}";
            var want = WithoutProse(talk.Answers[(string)step["name"]!]);
            var differences = Masking.Differences(want, WithoutProse(await AnswerAsync(step, talk.Ignored))).ToList();
            // What a controller or the scheduler is about to write comes, however busy the machine: who reads may read again.
            var rereads = (string?)step["method"] == "GET" && step["watch"] is null && !Differing.ContainsKey(title);
            for (var since = Stopwatch.GetTimestamp(); rereads && differences.Count > 0 && Stopwatch.GetElapsedTime(since) < WaitMax;)
            {
                await Task.Delay(WaitPause, TimeProvider.System);
                differences = [.. Masking.Differences(want, WithoutProse(await AnswerAsync(step, talk.Ignored)))];
            }
            if (Differing.TryGetValue(title, out var reason))
            {
                TestContext.Out.WriteLine($"{title} differs: {reason}");
                if (differences.Count == 0)
                    problems.Add($"{title} matches now: take it out of the list of those that differ");
            }
            else if (differences.Count > 0 && Racing.TryGetValue(title, out reason))
            {
                TestContext.Out.WriteLine($"{title} differs this time: {reason}");
            }
            else if (differences.Count > 0)
            {
                problems.Add($"{title}\n    {string.Join("\n    ", differences.Take(8))}");
            }
        }

        Assert.That(problems, Is.Empty, string.Join('\n', problems));
    }

    private async Task<JsonNode?> AnswerAsync(JsonObject step, IReadOnlyList<string> ignored)
    {
        var since = Stopwatch.GetTimestamp();
        (int Status, IReadOnlyList<string> Warnings, JsonNode? Body) answer;
        do
        {
            if (since != 0 && step["wait"] is not null && Stopwatch.GetElapsedTime(since) > WaitPause)
                await Task.Delay(WaitPause, TimeProvider.System);
            answer = await SendAsync(step);
        }
        while (step["wait"] is JsonObject wait && !JsonNode.DeepEquals(Dig(answer.Body, (string)wait["path"]!), wait["equals"]) && Stopwatch.GetElapsedTime(since) < WaitMax);

        var body = Masking.Mask(answer.Body);
        if ((string?)step["sort"] is { } sort && body?["items"] is JsonArray items)
        {
            var sorted = items.OrderBy(item => Dig(item, sort)?.ToJsonString(), StringComparer.Ordinal).ToList();
            items.Clear();
            foreach (var item in sorted)
                items.Add(item);
        }
        foreach (var drop in (step["ignore"] as JsonArray ?? []).Select(path => (string)path!).Concat(ignored))
        {
            var at = drop.Contains('/', StringComparison.Ordinal) ? drop.LastIndexOf('/') : drop.LastIndexOf('.');
            if ((at < 0 ? body : Dig(body, drop[..at])) is JsonObject holder)
                holder.Remove(drop[(at + 1)..]);
        }
        return new JsonObject
        {
            ["status"] = answer.Status,
            ["warnings"] = new JsonArray([.. answer.Warnings.Select(text => JsonValue.Create(text))]),
            ["body"] = body,
        };
    }

    private async Task<(int Status, IReadOnlyList<string> Warnings, JsonNode? Body)> SendAsync(JsonObject step)
    {
        using var request = new HttpRequestMessage(new HttpMethod((string)step["method"]!), new Uri((string)step["path"]!, UriKind.Relative));
        request.Headers.TryAddWithoutValidation("Accept", (string?)step["accept"] ?? "application/json");
        if ((string?)step["as"] is { } user)
            request.Headers.Add("Impersonate-User", user);
        foreach (var group in step["groups"] as JsonArray ?? [])
            request.Headers.Add("Impersonate-Group", (string)group!);
        if (step["body"] is { } body)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body is JsonValue text ? text.GetValue<string>() : body.ToJsonString()));
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse((string?)step["type"] ?? "application/json");
        }
        using var response = await _client.SendAsync(request);
        var told = await response.Content.ReadAsStringAsync();
        var warnings = response.Headers.TryGetValues("Warning", out var all) ? all.Select(warning => warning["299 - ".Length..].Trim('"')).ToList() : [];
        return ((int)response.StatusCode, warnings, step["watch"] is not null
            ? new JsonArray([.. told.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line))])
            : Parsed(told));
    }

    private async Task WaitForAsync(string path, Func<JsonNode?, bool> holds)
    {
        var since = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(since) < WaitMax && !holds(JsonNode.Parse(await _client.GetStringAsync(new Uri(path, UriKind.Relative)))))
            await Task.Delay(WaitPause, TimeProvider.System);
    }

    private static JsonNode? Parsed(string text)
    {
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (System.Text.Json.JsonException)
        {
            return text;
        }
    }

    private static JsonNode? Dig(JsonNode? value, string path)
    {
        foreach (var part in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
            value = value switch
            {
                JsonArray list when int.TryParse(part, CultureInfo.InvariantCulture, out var index) && index < list.Count => list[index],
                JsonObject fields => fields[part],
                _ => null,
            };
        return value;
    }

    // The columns of a table carry Kubernetes' descriptions; the simulated cluster carries no prose.
    private static JsonNode? WithoutProse(JsonNode? value)
    {
        var copy = value?.DeepClone();
        Strip(copy);
        return copy;

        static void Strip(JsonNode? node)
        {
            if (node is JsonObject fields)
            {
                if (fields.ContainsKey("priority") && fields.ContainsKey("format"))
                    fields.Remove("description");
                foreach (var (_, field) in fields)
                    Strip(field);
            }
            else if (node is JsonArray list)
            {
                foreach (var item in list)
                    Strip(item);
            }
        }
    }
}
