using System.Text.Json;
using ClusterSim.Machinery;
using ClusterSim.OpenApi;
using ClusterSim.Schema;
using Google.Protobuf;

namespace ClusterSim.Tests.Api;

public class OpenApiProtobufTests
{
    private static readonly OpenApiDocuments Documents = new(new ResourceCatalog(), TypeSchema.Load());

    [Test]
    public void Every_definition_and_path_of_the_document_is_in_its_protobuf_form()
    {
        var json = JsonElement.Parse(Documents.V2().Span);
        var document = Fields(Documents.V2Protobuf());

        Assert.That(document.Where(field => field.Number == 1).Select(field => field.Text), Is.EqualTo(new[] { "2.0" }));
        Assert.That(NamesOf(document, message: 9, entry: 1), Is.EqualTo(json.At("definitions").Fields().Select(field => field.Name)));
        Assert.That(NamesOf(document, message: 8, entry: 2), Is.EqualTo(json.At("paths").Fields().Select(field => field.Name)));
    }

    [Test]
    public void A_definition_has_its_properties_and_says_its_kind_in_YAML()
    {
        var definitions = Fields(Fields(Documents.V2Protobuf()).Single(field => field.Number == 9).Bytes);
        var pod = definitions.Select(definition => Fields(definition.Bytes)).Single(definition => definition[0].Text == "io.k8s.api.core.v1.Pod");
        var schema = Fields(pod[1].Bytes);

        Assert.That(NamesOf(schema, message: 25, entry: 1), Is.EqualTo(new[] { "apiVersion", "kind", "metadata", "spec", "status" }));
        var extension = schema.Where(field => field.Number == 31).Select(field => Fields(field.Bytes)).Single(field => field[0].Text == "x-kubernetes-group-version-kind");
        Assert.That(Fields(extension[1].Bytes).Single().Text, Does.Contain("Pod"));
    }

    private static IEnumerable<string> NamesOf(List<Field> fields, int message, int entry) =>
        Fields(fields.Single(field => field.Number == message).Bytes).Where(field => field.Number == entry).Select(field => Fields(field.Bytes)[0].Text);

    // All but flags is text or a message.
    private static List<Field> Fields(ReadOnlyMemory<byte> bytes)
    {
        using var input = new CodedInputStream(bytes.ToArray());
        var fields = new List<Field>();
        while (input.ReadTag() is not 0 and var tag)
        {
            if (WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
                fields.Add(new Field(WireFormat.GetTagFieldNumber(tag), input.ReadBytes().ToByteArray()));
            else
                input.SkipLastField();
        }
        return fields;
    }

    private sealed record Field(int Number, byte[] Bytes)
    {
        public string Text => System.Text.Encoding.UTF8.GetString(Bytes);
    }
}
