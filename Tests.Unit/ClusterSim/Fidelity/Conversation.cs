using System.Text.Json.Nodes;

namespace ClusterSim.Tests.Fidelity;

/// <summary>One recorded conversation with a real Kubernetes 1.36: the steps and, by name, what it answered.</summary>
/// <param name="Name">The file's name, such as <c>03-invalid</c>.</param>
/// <param name="Steps">What was asked, in order.</param>
/// <param name="Answers">Status, warnings and body, masked as <see cref="Masking"/> masks.</param>
/// <param name="Ignored">Dotted paths left out of every comparison.</param>
internal sealed record Conversation(string Name, IReadOnlyList<JsonObject> Steps, JsonObject Answers, IReadOnlyList<string> Ignored)
{
    /// <summary>The names of the conversations there are.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "01-discovery", "02-defaults", "03-invalid", "04-lifecycle", "05-patches", "06-apply", "07-lists", "08-watch", "09-access", "10-admission",
        "11-controllers",
    ];

    private static string Folder => Path.Combine(TestContext.CurrentContext.TestDirectory, "ClusterSim", "Fidelity");

    /// <summary>Reads one.</summary>
    public static Conversation Read(string name)
    {
        var talk = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, name + ".json")))!.AsObject();
        var answers = JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, name + ".answers.json")))!.AsObject();
        return new Conversation(
            name, [.. talk["steps"]!.AsArray().Select(step => step!.AsObject())], answers,
            [.. (talk["ignore"] as JsonArray ?? []).Select(path => path!.GetValue<string>())]);
    }
}
