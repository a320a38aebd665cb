using System.Text.RegularExpressions;
using ClusterSim.Machinery;
using ClusterSim.Schema;
using ClusterSim.Validation;

namespace Tests.Unit.Docs;

/// <summary>What the documents name is there: tests by their classes and names, manifests, policies.</summary>
internal sealed partial class DocumentationTests
{
    private static readonly Lazy<ILookup<string, Source>> Tests = new(ReadTests);

    public static IEnumerable<string> Documents =>
        Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md").Append(Path.Combine(Repository.Root, "README.md")).Select(path => Path.GetRelativePath(Repository.Root, path)).Order(StringComparer.Ordinal);

    [Test]
    public void Every_kind_that_is_kept_and_not_acted_on_is_served_and_listed()
    {
        var catalog = new ResourceCatalog();
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "simulator-limits.md"));

        Assert.Multiple(() =>
        {
            foreach (var (group, kind) in StoredOnly.Reasons.Keys)
            {
                Assert.That(catalog.Find(new GroupVersionKind(group, "v1", kind)), Is.Not.Null, $"{kind}.{group}");
                Assert.That(Regex.IsMatch(page, $@"\b{kind}\b", RegexOptions.None, TimeSpan.FromSeconds(1)), $"docs/simulator-limits.md lists {kind}");
            }
        });
    }

    [TestCaseSource(nameof(Documents))]
    public void Every_test_that_a_document_names_exists(string document)
    {
        var missing = new List<string>();
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, document)))
        {
            // A name belongs to the class that is named last before it.
            IReadOnlyList<Source> classes = [];
            foreach (Match found in ClassOrTest().Matches(line))
            {
                if (found.Groups["class"] is { Success: true, Value: var name })
                {
                    var folder = found.Groups["folder"].Value;
                    classes = [.. Tests.Value[name].Where(source => source.Path.Contains("/" + folder, StringComparison.Ordinal))];
                    if (classes.Count == 0)
                        missing.Add($"{folder}{name}");
                }
                // SOME_SETTING is none.
                if (found.Groups["test"] is { Success: true, Value: var test } && test.Skip(1).Any(char.IsLower) && !Exists(test, found.Groups["rest"].Success || IsFilter(line, found.Index), classes))
                    missing.Add($"{test} in {(classes.Count == 0 ? "any class" : string.Join(", ", classes.Select(source => source.Path)))}");
            }
        }

        Assert.That(missing, Is.Empty);
    }

    [Test]
    public void Every_file_and_policy_that_the_answers_name_exists()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs/QUESTIONS.md"));
        var manifests = string.Concat(Directory.GetFiles(Path.Combine(Repository.Root, "k8s/base"), "*.yaml", SearchOption.AllDirectories).Select(File.ReadAllText));
        var missing = Named().Matches(text).Select(found => found.Groups[1].Value).Where(IsMissing).Distinct(StringComparer.Ordinal).ToList();

        Assert.That(missing, Is.Empty);

        bool IsMissing(string name)
        {
            if (name.Split('/') is ["invoices" or "payments", var policy])
                return !manifests.Contains($"name: {policy}\n", StringComparison.Ordinal);
            if (name == "default/kubernetes")
                return false;
            if (!name.Contains('/', StringComparison.Ordinal) && !name.EndsWith(".yaml", StringComparison.Ordinal) && !name.EndsWith(".md", StringComparison.Ordinal))
                return false;
            return !((string[])["", "k8s/base", "docs"]).Any(folder => Path.Exists(Path.Combine(Repository.Root, folder, name)));
        }
    }

    [Test]
    public void Every_claim_of_the_answers_names_what_holds_it_and_what_tests_it()
    {
        var empty = File.ReadLines(Path.Combine(Repository.Root, "docs/QUESTIONS.md"))
            .Where(line => line.StartsWith("| ", StringComparison.Ordinal) && Regex.IsMatch(line, @"\|\s*\|")).ToList();

        // The one without is the head of a table of two lists.
        Assert.That(empty.Where(line => !line.StartsWith("| | change", StringComparison.Ordinal)), Is.Empty);
    }

    // dotnet test --filter takes the beginning of a name.
    private static bool IsFilter(string line, int at) => line[..at].EndsWith("--filter ", StringComparison.Ordinal);

    private static bool Exists(string test, bool isCut, IReadOnlyList<Source> classes) =>
        (classes.Count == 0 ? Tests.Value.SelectMany(sources => sources) : classes)
            .Any(source => source.Names.Any(name => isCut ? name.StartsWith(test, StringComparison.Ordinal) : name == test));

    private static ILookup<string, Source> ReadTests() => Directory.GetDirectories(Repository.Root, "Tests.*")
        .SelectMany(project => Directory.GetFiles(project, "*.cs", SearchOption.AllDirectories))
        .Where(path => !path.Contains("/obj/", StringComparison.Ordinal))
        .Select(path => (Path: path, Text: File.ReadAllText(path)))
        .SelectMany(file => Class().Matches(file.Text).Select(found => (
            found.Groups[1].Value,
            Source: new Source("/" + Path.GetRelativePath(Repository.Root, file.Path), [.. Method().Matches(file.Text).Select(method => method.Groups[1].Value)]))))
        .ToLookup(found => found.Value, found => found.Source, StringComparer.Ordinal);

    // `Folder/SomeTests.A_test_of_it`, and A_test_…, which follows.
    [GeneratedRegex(@"(?<folder>(?:\w[\w.]*/)*)\b(?<class>\w+Tests)\b(?:\.(?<test>[A-Z][A-Za-z0-9]*_\w+)(?<rest>…)?)?|\b(?<test>[A-Z][A-Za-z0-9]*_[a-zA-Z0-9]\w*)(?<rest>…)?")]
    private static partial Regex ClassOrTest();

    [GeneratedRegex(@"`([\w][\w./-]*)`")]
    private static partial Regex Named();

    [GeneratedRegex(@"\bclass (\w+Tests)\b")]
    private static partial Regex Class();

    [GeneratedRegex(@"\b(?:void|Task|Task<\w+>) (\w+)\(")]
    private static partial Regex Method();

    private sealed record Source(string Path, IReadOnlyList<string> Names);
}
