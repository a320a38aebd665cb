using ClusterSim.Manifests;

namespace ClusterSim.Tests.Kustomize;

/// <summary>
/// Kustomizations of our own beside what <c>kubectl kustomize</c> says to them: recordings/NAME.yaml for those it renders
/// (<c>make kustomize-recordings</c> renews them; recordings/version.txt has the version), a rejection for those in cases/errors.
/// </summary>
internal sealed class KustomizeRecordingTests
{
    private const int CasesMin = 60;

    private static readonly string Folder = Repository.Path("Tests.Unit/ClusterSim/Kustomize");

    public static IEnumerable<string> Rendered => Names("cases").Where(name => name != "errors");

    public static IEnumerable<string> Rejected => Names("cases/errors");

    [TestCaseSource(nameof(Rendered))]
    public void Renders_what_kubectl_renders(string name)
    {
        var rendered = Kustomization.BuildYaml(Path.Combine(Folder, "cases", name));

        Assert.That(rendered, Is.EqualTo(File.ReadAllText(Path.Combine(Folder, "recordings", name + ".yaml"))));
    }

    [TestCaseSource(nameof(Rejected))]
    public void Rejects_with_the_file_and_the_field(string name)
    {
        var folder = Path.Combine(Folder, "cases/errors", name);

        var error = Assert.Throws<ManifestException>(() => Kustomization.Build(folder));

        Assert.That(error!.Message, Does.Contain(File.ReadAllText(Path.Combine(folder, "message.txt")).TrimEnd()).And.Contain(folder));
    }

    [Test]
    public void Every_recording_has_its_case()
    {
        var recordings = Directory.EnumerateFiles(Path.Combine(Folder, "recordings"), "*.yaml").Select(Path.GetFileNameWithoutExtension);

        Assert.That(recordings, Is.EquivalentTo(Rendered));
        Assert.That(Rendered.Count(), Is.GreaterThanOrEqualTo(CasesMin));
    }

    [Test]
    public void An_object_names_its_file_and_line()
    {
        var folder = Path.Combine(Folder, "cases/resources-lists-and-documents");

        var inner = Kustomization.Build(folder).Single(manifest => manifest.Name == "inner");

        Assert.That(inner.Source, Is.EqualTo(Path.Combine(folder, "many.yaml") + ":11"));
    }

    [Test]
    public void A_remote_resource_is_rejected_with_the_way_out()
    {
        using var folder = new TemporaryFolder();
        folder.Write("kustomization.yaml", "resources: [\"https://github.com/example/shop//base?ref=v1\"]\n");

        var error = Assert.Throws<ManifestException>(() => Kustomization.Build(folder.Path));

        Assert.That(error!.Message, Does.Contain("kustomization.yaml: resources: \"https://github.com/example/shop//base?ref=v1\" is remote").And.Contain("clone it"));
    }

    private static IEnumerable<string> Names(string path) =>
        Directory.EnumerateDirectories(Path.Combine(Folder, path)).Select(folder => Path.GetFileName(folder)!).Order(StringComparer.Ordinal);
}
