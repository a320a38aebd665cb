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

    // What the build and eng/format.sh do not check of what `dotnet format` does.
    [Test]
    public void Usings_are_sorted()
    {
        var unsorted = Folders.SelectMany(SourceTree.Files).Where(path => Usings(path) is var usings && !usings.SequenceEqual(usings.OrderBy(Place, StringComparer.Ordinal), StringComparer.Ordinal));

        Assert.That(unsorted, Is.Empty);
    }

    [Test]
    public void No_field_is_qualified_by_this()
    {
        var qualified = Folders.SelectMany(SourceTree.Files).Where(path => QualifiedField().IsMatch(SourceTree.Read(path)));

        Assert.That(qualified, Is.Empty);
    }

    private static List<string> Usings(string path) => [.. SourceTree.Read(path).Split('\n').Select(line => line.TrimEnd('\r')).Where(line => UsingDirective().IsMatch(line))];

    // Namespaces, System first; then static types; then aliases. A dot sorts before every letter.
    private static string Place(string line)
    {
        var name = line["using ".Length..].TrimEnd(';');
        var kind = name.Contains('=', StringComparison.Ordinal) ? 2 : name.StartsWith("static ", StringComparison.Ordinal) ? 1 : 0;
        name = name.Replace("static ", "", StringComparison.Ordinal);
        var isSystem = name == "System" || name.StartsWith("System.", StringComparison.Ordinal);
        return $"{kind}{(isSystem ? 0 : 1)}{name.ToLowerInvariant().Replace('.', '\u0001')}";
    }

    private static bool IsGenerated(string source) =>
        source.Contains("[GeneratedRegex(", StringComparison.Ordinal) || source.Contains("[LibraryImport(", StringComparison.Ordinal)
        || source.Contains("[LoggerMessage(", StringComparison.Ordinal) || source.Contains("[JsonSerializable(", StringComparison.Ordinal);

    [GeneratedRegex(@"\bthis\._\w", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex QualifiedField();

    [GeneratedRegex(@"^using [\w.= <>,]+;$", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex UsingDirective();

    [GeneratedRegex(@"\bpartial (?:class|struct|record|interface) (\w+)", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex PartialType();
}
