using System.Text.Json.Nodes;
using ClusterSim.Nodes;

namespace ClusterSim.Tests.Fidelity;

/// <summary>
/// Conversations with a real Kubernetes 1.36.3 about the API machinery: bodies and answers in protobuf, limits, managers of fields, schemas of
/// custom resources. Where a step cannot match, the reason is listed here, and the step is expected to differ.
/// </summary>
[Category("Fidelity")]
public sealed class ReplayTests
{
    private const string Prose = "the columns' descriptions are Kubernetes' prose, which this repository does not carry";

    private static readonly IReadOnlyDictionary<string, string> Differing = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["14-crd-schemas / 20 table"] = Prose,
        ["20-protobuf / 27 table or else protobuf"] = Prose,
        ["20-protobuf / 40 definition"] = "a Warning says that x-kubernetes-validations are not evaluated",
        ["23-managers / 29 status applied"] = "whether the deployment controller has counted the pods of the last scale yet",
    };

    private SimulatedCluster _cluster = null!;
    private HttpClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { KeepEndpoints = false, Nodes = [new NodeOptions { Name = "node-1" }] });
        _client = ApiHttp.ClientOf(_cluster);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _cluster.DisposeAsync();
    }

    [TestCase("14-crd-schemas")]
    [TestCase("20-protobuf")]
    [TestCase("22-limits")]
    [TestCase("23-managers")]
    public async Task The_cluster_answers_as_Kubernetes_did(string name)
    {
        var folder = Path.Combine(TestContext.CurrentContext.TestDirectory, "ClusterSim", "Fidelity");
        var talk = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, name + ".json")))!.AsObject();
        var answers = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(folder, name + ".answers.json")))!.AsObject();
        var replay = new Replay(_client, talk, static () => Task.CompletedTask);
        var problems = new List<string>();
        foreach (var step in talk["steps"]!.AsArray().Select(step => step!.AsObject()))
        {
            var title = $"{name} / {step["name"]}";
            var want = answers[(string)step["name"]!]!.DeepClone();
            want["body"] = Masking.Mask(want["body"]);
            var differences = Masking.Differences(want, await replay.AnswerAsync(step)).ToList();
            if (Differing.TryGetValue(title, out var reason))
                TestContext.Out.WriteLine(differences.Count > 0 ? $"{title} differs: {reason}" : $"{title} matches");
            else if (differences.Count > 0)
                problems.Add($"{title}\n    {string.Join("\n    ", differences.Take(8))}");
        }

        Assert.That(problems, Is.Empty, string.Join('\n', problems));
    }
}
