using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using ClusterSim.Machinery;
using ClusterSim.Network.Policies;
using ClusterSim.Storage;

namespace ClusterSim.Tests.Network;

/// <summary>
/// Well-known recipes. Each folder of Policies/ holds <c>manifests.yaml</c> (namespaces, pods, policies as anyone would apply them) and
/// <c>expected.yaml</c>: a list of <c>from</c>, <c>to</c> (<c>namespace/pod</c>, or an address), <c>port</c> (<c>80</c>, <c>53/UDP</c>) and the
/// whole <c>reason</c>, whose first word is the verdict. A new case is a new folder.
/// </summary>
[Parallelizable(ParallelScope.All)]
internal sealed class PolicyRecipeTests
{
    private static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Policies");

    public static IEnumerable<string> Recipes => Directory.GetDirectories(Folder()).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal);

    [TestCaseSource(nameof(Recipes))]
    public void A_recipe_does_what_it_says(string recipe)
    {
        var objects = Yaml.Read(File.ReadAllText(Path.Combine(Folder(), recipe, "manifests.yaml"))).ToList();
        var pods = OfKind("Pod").Select((pod, index) =>
        {
            var document = Document.From(new GroupResource("", "pods"), pod, 1);
            return PolicyPod.Read(document, IPAddress.TryParse(document.Status.At("podIP").Text(), out var told) ? told : new IPAddress([10, 244, 0, (byte)(2 + index)]));
        }).ToDictionary(pod => pod.ToString(), StringComparer.Ordinal);
        var evaluator = new NetworkPolicyEvaluator(
            OfKind("NetworkPolicy").Select(policy => NetworkPolicy.Read(policy.ToElement())),
            OfKind("Namespace").Select(@namespace => KeyValuePair.Create(
                ((JsonObject)@namespace["metadata"]!).Text("name")!, @namespace["metadata"]!["labels"]?.ToElement().TextMap() ?? new Dictionary<string, string>(StringComparer.Ordinal))));

        var expectations = Yaml.Read("list:\n" + string.Concat(File.ReadLines(Path.Combine(Folder(), recipe, "expected.yaml")).Select(line => $"  {line}\n"))).Single();
        var (found, expected) = (new List<string>(), new List<string>());
        foreach (var expectation in expectations["list"]!.AsArray().Select(each => (JsonObject)each!))
        {
            var port = expectation["port"]!.ToString().Split('/');
            var verdict = evaluator.Evaluate(
                Party(expectation.Text("from")!), Party(expectation.Text("to")!), int.Parse(port[0]),
                port is [_, "UDP"] ? TransportProtocol.Udp : TransportProtocol.Tcp);
            var what = $"{expectation.Text("from")} -> {expectation.Text("to")}:{expectation["port"]}: ";
            found.Add(what + verdict.Reason);
            expected.Add(what + expectation.Text("reason"));
        }

        Assert.That(expected, Is.Not.Empty);
        Assert.That(found, Is.EqualTo(expected));

        IEnumerable<JsonObject> OfKind(string kind) => objects.Where(each => each.Text("kind") == kind);

        TrafficPeer Party(string who) => IPAddress.TryParse(who, out var address) ? TrafficPeer.Outside(address) : TrafficPeer.Of(pods[who]);
    }
}
