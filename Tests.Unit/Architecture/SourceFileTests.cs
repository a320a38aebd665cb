using System.Text.RegularExpressions;

namespace Tests.Unit.Architecture;

/// <summary>The rules for source files: their length, and what may be partial.</summary>
internal sealed partial class SourceFileTests
{
    private const int LinesMax = 400;
    private static readonly string[] Folders =
    [
        "Benchmarks", "ClusterSim", "Contracts", "Harness.Chaos", "Harness.Cli", "InvoiceApp", "InvoiceApp.Chaos", "PaymentProvider", "Processes", "ServiceDefaults", "StandIns",
        "Tests.Cluster", "Tests.Contract", "Tests.Support", "Tests.Unit",
    ];

    // The facets of two entry points; everything else that is partial is completed by a source generator.
    private static readonly string[] MayBePartial = ["SimulatedCluster", "ApiServer"];

    [Test]
    public void No_file_is_longer_than_400_lines()
    {
        var long_ = Folders.SelectMany(SourceTree.Files)
            .Select(path => (path, Lines: File.ReadLines(Repository.Path(path)).Count()))
            .Where(file => file.Lines > LinesMax)
            .Select(file => $"{file.path}: {file.Lines}");

        Assert.That(long_, Is.Empty);
    }

    [Test]
    public void Partial_types_are_completed_by_generators_except_for_two()
    {
        var partial = Folders.SelectMany(SourceTree.Files)
            .Select(path => (path, Source: SourceTree.Read(path)))
            .Where(file => !file.path.StartsWith("StandIns/", StringComparison.Ordinal))
            .SelectMany(file => PartialType().Matches(file.Source).Select(type => (file.path, file.Source, Name: type.Groups[1].Value)))
            .Where(type => !MayBePartial.Contains(type.Name) && !IsGenerated(type.Source))
            .Select(type => $"{type.path}: {type.Name}");

        Assert.That(partial, Is.Empty);
    }

    private static bool IsGenerated(string source) =>
        source.Contains("[GeneratedRegex(", StringComparison.Ordinal) || source.Contains("[LibraryImport(", StringComparison.Ordinal)
        || source.Contains("[LoggerMessage(", StringComparison.Ordinal) || source.Contains("[JsonSerializable(", StringComparison.Ordinal);

    [GeneratedRegex(@"\bpartial (?:class|struct|record|interface) (\w+)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PartialType();
}
