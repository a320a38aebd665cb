using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Machinery;

namespace ClusterSim.Tests.Fidelity;

/// <summary>A recorded conversation with a real Kubernetes: what was sent and what came back, with uids, times and versions masked.</summary>
internal sealed class RecordedConversation
{
    private readonly JsonElement _answers;

    private RecordedConversation(JsonElement asked, JsonElement answers)
    {
        _answers = answers;
        Steps = [.. asked.At("steps").Items().Select(step => new ConversationStep(step, answers.At(step.At("name").Text(""))))];
    }

    public IReadOnlyList<ConversationStep> Steps { get; }

    public ConversationStep this[string number] => Steps.Single(step => step.Name.StartsWith(number + " ", StringComparison.Ordinal));

    public static RecordedConversation Load(string name) => new(Read($"{name}.json"), Read($"{name}.answers.json"));

    /// <summary>Puts something of the right type where the recording masks a value.</summary>
    public static void Unmask(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                foreach (var (name, value) in map.ToList())
                {
                    if (value is JsonValue text && text.TryGetValue<string>(out var masked) && masked.StartsWith('<') && masked.EndsWith('>'))
                        map[name] = masked is "<nodePort>" ? 30000 : name is "creationTimestamp" or "time" ? "2026-01-02T03:04:05Z" : "unmasked";
                    else
                        Unmask(value);
                }
                break;
            case JsonArray list:
                foreach (var item in list)
                    Unmask(item);
                break;
        }
    }

    private static JsonElement Read(string file) =>
        JsonElement.Parse(File.ReadAllBytes(System.IO.Path.Combine(TestContext.CurrentContext.TestDirectory, "ClusterSim", "Fidelity", file)));
}

internal sealed record ConversationStep(JsonElement Asked, JsonElement Answer)
{
    public string Name => Asked.At("name").Text("");

    public string Path => Asked.At("path").Text("");

    public int Status => Answer.At("status").Integer(0);

    public JsonElement Body => Answer.At("body");

    /// <summary>The request's body as it went over the wire.</summary>
    public byte[] Sent => Asked.At("body") is { ValueKind: JsonValueKind.String } text
        ? System.Text.Encoding.UTF8.GetBytes(text.GetString()!)
        : System.Text.Encoding.UTF8.GetBytes(Asked.At("body").Exists() ? Asked.At("body").GetRawText() : "");

    public override string ToString() => Name;
}
