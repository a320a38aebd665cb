using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Machinery;
using ClusterSim.Schema;
using ClusterSim.Schema.Protobuf;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;

namespace ClusterSim.Tests.Schema;

/// <summary>
/// The files beside are what kubectl 1.32 sent (<c>.pb</c>) for a command, and the object in JSON: what the same command printed with
/// <c>--dry-run=client -o json</c>, or for reviews, which can't, what its reference says.
/// </summary>
public class ProtobufBodyTests
{
    private static readonly TypeSchema Types = TypeSchema.Load();
    private static readonly RequestDecoder Decoder = new(Types);

    private static IEnumerable<string> Captured() =>
        Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "ClusterSim/Schema/Protobuf"), "*.pb").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    [TestCaseSource(nameof(Captured))]
    public void What_kubectl_sends_is_the_object_that_it_prints_as_JSON(string name)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "ClusterSim/Schema/Protobuf", name);
        var printed = File.ReadAllBytes(path + ".json");
        var told = JsonNode.Parse(printed)!;
        var version = GroupVersion.Parse(told["apiVersion"]!.ToString());
        var kind = new GroupVersionKind(version.Group, version.Version, told["kind"]!.ToString());

        var decoded = Decoder.Decode(File.ReadAllBytes(path + ".pb"), MediaKind.Protobuf, kind, FieldValidation.Strict);

        Assert.That(Shown(decoded.Object), Is.EqualTo(Shown(Decoder.Decode(printed, MediaKind.Json, kind, FieldValidation.Strict).Object)));
    }

    [Test, Category(Samples.Category)]
    public void Whatever_a_message_holds_is_read_back() =>
        Check.One(Samples.Config(300), Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var example = new ProtobufExample(new System.Random(seed), Types);
            var kind = example.OneOf(Kinds);
            var (bytes, expected) = example.Message(Types.NameOf(kind)!, depth: 0);
            expected["apiVersion"] = kind.GroupVersion.ToString();
            expected["kind"] = kind.Kind;

            var read = ProtobufBody.Read(ProtobufExample.Envelope(kind, bytes), Types, kind);

            if (Shown(read) != Shown(expected))
                throw new AssertionException($"{kind}: read {Shown(read)}, sent {Shown(expected)}");
        }));

    [Test, Category(Samples.Category)]
    public void No_bytes_make_more_than_a_refusal() =>
        Check.One(Samples.Config(300), Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new System.Random(seed);
            var kind = new GroupVersionKind("apps", "v1", "Deployment");
            var body = ProtobufExample.Envelope(kind, new ProtobufExample(random, Types).Message(Types.NameOf(kind)!, depth: 0).Bytes);
            for (var changes = random.Next(1, 5); changes > 0; changes--)
                body[random.Next(4, body.Length)] = (byte)random.Next(256);
            try
            {
                Decoder.Decode(body, MediaKind.Protobuf, kind, FieldValidation.Strict);
            }
            catch (KubernetesApiException refusal) when (refusal.Code == 400)
            {
                // The other right answer.
            }
        }));

    [Test]
    public void Every_field_of_every_kind_has_a_number()
    {
        var missing = ProtobufFields.Default.Names
            .Where(name => Types.Definitions.At(name).At("properties").Exists() && !name.Contains("JSONSchemaPropsOr", StringComparison.Ordinal))
            .SelectMany(name => Types.Definitions.At(name).At("properties").Fields().Select(field => field.Name).Except(NamesOf(name)).Select(field => $"{name}.{field}"))
            .Where(field => !field.EndsWith(".apiVersion", StringComparison.Ordinal) && !field.EndsWith(".kind", StringComparison.Ordinal));

        Assert.That(missing, Is.Empty);
        Assert.That(Kinds.Where(kind => ProtobufFields.Default.Find(Types.NameOf(kind)!) is null), Is.Empty);

        static IEnumerable<string> NamesOf(string message) =>
            ProtobufFields.Default.Find(message)!.Values.SelectMany(field => field.Name.Length > 0 ? [field.Name] : NamesOf(field.Type));
    }

    [Test]
    public void Custom_kinds_have_no_protobuf_form()
    {
        Assert.That(Decoder.TakesProtobuf(new("apps", "v1", "Deployment")), Is.True);
        Assert.That(Decoder.TakesProtobuf(new("stable.example.com", "v1", "CronTab")), Is.False);
    }

    [Test]
    public void A_field_that_is_not_known_is_refused_unless_it_is_empty()
    {
        var pod = new GroupVersionKind("", "v1", "Pod");
        Assert.That(Refusal([0xFA, 0x06, 1, 65]), Does.Contain("v1.Pod has no protobuf field 111 in the version of Kubernetes that is simulated: send JSON"));
        Assert.That(Decoder.Decode(ProtobufExample.Envelope(pod, [0xFA, 0x06, 0]), MediaKind.Protobuf, pod, FieldValidation.Strict).Object["kind"]!.ToString(), Is.EqualTo("Pod"));
        Assert.That(Refusal([0x08, 5]), Does.Contain("Pod.metadata: protobuf wire type Varint, should be LengthDelimited"));
        Assert.That(Refusal([0x0A, 100]), Does.Contain("the protobuf message is malformed"));
        Assert.That(
            Assert.Throws<KubernetesApiException>(() => Decoder.Decode("{}"u8.ToArray(), MediaKind.Protobuf, pod, FieldValidation.Strict))!.Message,
            Is.EqualTo("the object provided is unrecognized (must be of type Pod): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({})"));

        string Refusal(byte[] message) =>
            Assert.Throws<KubernetesApiException>(() => Decoder.Decode(ProtobufExample.Envelope(pod, message), MediaKind.Protobuf, pod, FieldValidation.Strict))!.Message;
    }

    private static readonly GroupVersionKind[] Kinds =
    [
        .. new ResourceCatalog().All.Select(resource => resource.GroupVersionKind).Concat(
        [
            new("", "v1", "DeleteOptions"), new("policy", "v1", "Eviction"), new("autoscaling", "v1", "Scale"), new("authentication.k8s.io", "v1", "TokenRequest"),
        ]).Distinct().Where(kind => Types.NameOf(kind) is not null),
    ];

    private static string Shown(JsonNode node) => RecordedRefusalTests.Sorted(node);
}
