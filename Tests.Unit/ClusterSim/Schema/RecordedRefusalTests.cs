using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Machinery;
using ClusterSim.Schema;
using ClusterSim.Tests.Fidelity;

namespace ClusterSim.Tests.Schema;

public class RecordedRefusalTests
{
    private static readonly RecordedConversation Invalid = RecordedConversation.Load("03-invalid");
    private static readonly RequestDecoder Decoder = new(TypeSchema.Load());

    [TestCase("06")]
    [TestCase("15")]
    [TestCase("20")]
    [TestCase("23")]
    [TestCase("24")]
    [TestCase("25")]
    [TestCase("28")]
    [TestCase("29")]
    public void What_cannot_be_decoded_is_refused_in_the_recorded_words(string number)
    {
        var step = Invalid[number];
        var expected = step.Path.Contains("/deployments", StringComparison.Ordinal) ? new GroupVersionKind("apps", "v1", "Deployment") : new GroupVersionKind("", "v1", "Pod");
        var validation = step.Path.Contains("=Strict", StringComparison.Ordinal) ? FieldValidation.Strict : FieldValidation.Warn;

        var refusal = Assert.Throws<KubernetesApiException>(() => Decoder.Decode(step.Sent, MediaKind.Json, expected, validation))!;

        Assert.That(refusal.Message, Is.EqualTo(step.Body.At("message").Text()));
        Assert.That(refusal.Code, Is.EqualTo(step.Status));
        Assert.That(refusal.Reason, Is.EqualTo(step.Body.At("reason").Text()));
    }

    [TestCase("Warn", "unknown field \"spec.replicass\"")]
    [TestCase("Ignore", "")]
    public void An_unknown_field_is_dropped_and_told_to_those_who_ask(string validation, string warning)
    {
        var decoded = Decoder.Decode(Invalid["21"].Sent, MediaKind.Json, new GroupVersionKind("apps", "v1", "Deployment"), Enum.Parse<FieldValidation>(validation));

        Assert.That(string.Join('\n', decoded.Warnings), Is.EqualTo(warning));
        Assert.That(decoded.Object["spec"]!.AsObject().ContainsKey("replicass"), Is.False);
    }

    // Every recorded answer went through Go's structs: reading it once more must change nothing.
    [TestCaseSource(nameof(Answers))]
    public void A_recorded_object_reads_as_it_stands(object recorded)
    {
        var step = (ConversationStep)recorded;
        var answered = step.Body.ToObject();
        RecordedConversation.Unmask(answered);
        var kind = new GroupVersionKind(GroupVersion.Parse(answered.Text("apiVersion")!).Group, GroupVersion.Parse(answered.Text("apiVersion")!).Version, answered.Text("kind")!);

        var decoded = Decoder.Decode(answered.ToUtf8(), MediaKind.Json, kind, FieldValidation.Strict);

        Assert.That(Sorted(decoded.Object), Is.EqualTo(Sorted(answered)));
    }

    private static IEnumerable<TestCaseData> Answers() =>
        from step in RecordedConversation.Load("02-defaults").Steps
        where step.Status is 200 or 201 && step.Asked.At("method").Text() == "POST"
        select new TestCaseData(step).SetArgDisplayNames(step.Name);

    internal static string Sorted(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject map => "{" + string.Join(",\n", map.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => $"\"{field.Key}\":{Sorted(field.Value)}")) + "}",
        JsonArray list => "[" + string.Join(",", list.Select(Sorted)) + "]",
        _ => node.ToJsonString(),
    };
}
