namespace Tests.Unit.Architecture;

/// <summary>The simulator and the command run any service: what this repository deploys is data, in harness.yaml.</summary>
internal sealed class ServiceNameTests
{
    private static readonly string[] Words = ["invoice", "payment"];

    [TestCase("ClusterSim")]
    [TestCase("Harness.Chaos")]
    [TestCase("Harness.Cli")]
    public void No_source_names_a_service_of_this_repository(string folder)
    {
        var named = SourceTree.Files(folder)
            .SelectMany(path => SourceTree.Read(path).Split('\n').Select((line, index) => (Place: $"{path}:{index + 1}", Line: line)))
            .Where(line => Words.Any(word => line.Line.Contains(word, StringComparison.OrdinalIgnoreCase)))
            .Select(line => $"{line.Place}: {line.Line.Trim()}");

        Assert.That(named, Is.Empty);
    }

    [TestCase("Harness")]
    [TestCase("Harness.Chaos")]
    [TestCase("ClusterSim")]
    public void No_project_refers_to_a_service_of_this_repository(string project) =>
        Assert.That(SourceTree.Projects[project], Has.None.StartsWith("InvoiceApp").And.None.StartsWith("PaymentProvider"));
}
