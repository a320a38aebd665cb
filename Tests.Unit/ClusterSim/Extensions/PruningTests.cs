using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.CustomResources;

namespace ClusterSim.Tests.Extensions;

/// <summary>What a schema drops (<c>apiserver/schema/pruning</c>), where lists preserve unknown fields.</summary>
public class PruningTests
{
    private const string Items = """{"type":"object","properties":{"known":{"type":"object","properties":{"a":{"type":"string"}}}}}""";

    [TestCase("""{"type":"array","x-kubernetes-preserve-unknown-fields":true}""", """[{"a":1}]""", """[{"a":1}]""")]
    [TestCase("""{"type":"array","x-kubernetes-preserve-unknown-fields":true,"items":{"type":"object"}}""", """[{"a":1}]""", """[{"a":1}]""")]
    [TestCase($$"""{"type":"array","x-kubernetes-preserve-unknown-fields":true,"items":{{Items}}}""", """[{"b":{"c":1},"known":{"a":"x","b":1}}]""", """[{"b":{"c":1},"known":{"a":"x"}}]""")]
    [TestCase($$"""{"type":"array","x-kubernetes-preserve-unknown-fields":true,"items":{"type":"array","items":{{Items}} } }""", """[[{"b":1,"known":{"b":1}}]]""", """[[{"b":1,"known":{}}]]""")]
    [TestCase($$"""{"type":"array","items":{{Items}}}""", """[{"b":1,"known":{"a":"x","b":1}}]""", """[{"known":{"a":"x"}}]""")]
    public void A_list_preserves_what_its_items_do_not_name(string schema, string value, string kept)
    {
        var read = StructuralSchema.Read(JsonElement.Parse($$"""{"type":"object","properties":{"list":{{schema}} } }"""));
        var @object = (JsonObject)JsonNode.Parse($$"""{"list":{{value}}}""")!;

        Pruning.Prune(@object, read, isResource: true, dropped: null);

        Assert.That(@object["list"]!.ToJsonString(), Is.EqualTo(kept));
    }
}
