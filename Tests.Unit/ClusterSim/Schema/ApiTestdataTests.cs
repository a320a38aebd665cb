using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Json;
using ClusterSim.Machinery;
using ClusterSim.Schema;
using ClusterSim.Schema.Protobuf;

namespace ClusterSim.Tests.Schema;

/// <summary>Upstream's objects of every kind (k8s.io/api/testdata), the same in JSON and in protobuf: each form is read as the other, and written as it is.</summary>
public class ApiTestdataTests
{
    private static readonly TypeSchema Types = TypeSchema.Load();

    private static IEnumerable<TestCaseData> Objects() => UpstreamData.ApiObjects();

    [TestCaseSource(nameof(Objects))]
    public void A_message_is_read_as_the_object_in_JSON(string name)
    {
        var (json, protobuf, kind) = UpstreamData.ApiObject(name);

        var read = ProtobufBody.Read(protobuf, Types, kind);

        Assert.That(Sorted(Normalised(read, kind)), Is.EqualTo(Sorted(Normalised((JsonObject)JsonNode.Parse(json)!, kind))));
    }

    // A WatchEvent is a frame of a watch, and has no kind.
    private static IEnumerable<TestCaseData> Written() => Objects().Where(@case => (string)@case.Arguments[0]! != "core.v1.WatchEvent");

    [TestCaseSource(nameof(Written))]
    public void An_object_in_JSON_is_written_as_the_message(string name)
    {
        var (json, protobuf, kind) = UpstreamData.ApiObject(name);

        var written = new ProtobufAnswer(Types).Write(JsonNode.Parse(json)!.ToElement());

        Assert.That(Convert.ToHexString(written), Is.EqualTo(Convert.ToHexString(protobuf)));
    }

    // The types of what no server serves are unknown beyond their fields' names.
    private static JsonObject Normalised(JsonObject read, GroupVersionKind kind) =>
        Types.Find(kind) is { } type ? new ObjectReader(read.ToUtf8(), []).Read(type.Type) : read;

    private static string Sorted(JsonNode node) => Ordered(node)!.ToJsonString(JsonBuilding.TextOptions);

    private static JsonNode? Ordered(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => KeyValuePair.Create(field.Key, Ordered(field.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Ordered)]),
        _ => node?.DeepClone(),
    };
}
