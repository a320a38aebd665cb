using System.Text.RegularExpressions;
using ClusterSim.Manifests;
using ClusterSim.Nodes.Images;
using Tests.Cluster.Clusters;

namespace Tests.Cluster.Images;

/// <summary>
/// The two Dockerfiles: what an image will say of itself, that the build gets what it copies and nothing else, and that the commands of its
/// build stage do build. That the engine takes them is for a machine with an engine to show.
/// </summary>
[Parallelizable(ParallelScope.Self)]
public sealed partial class ServiceDockerfileTests
{
    private static readonly string[] Projects = ["InvoiceApp", "PaymentProvider"];

    [TestCase("InvoiceApp", "invoice-app", 8081)]
    [TestCase("PaymentProvider", "payment-provider", 8082)]
    public void It_runs_the_service_itself_as_a_numeric_user_on_the_manifests_port(string project, string name, int port)
    {
        var image = Dockerfile.Read(Text(project));
        var container = Kustomization.Build(Repository.Path("k8s/base")).Single(manifest => manifest.Kind == "Deployment" && manifest.Name == name)
            .Object["spec"]!["template"]!["spec"]!;

        Assert.Multiple(() =>
        {
            Assert.That(image.User, Is.EqualTo("1654"), "a name cannot be told from root (runAsNonRoot)");
            Assert.That((int?)container["securityContext"]!["runAsUser"], Is.EqualTo(1654));
            Assert.That(image.ExposedPorts, Is.EqualTo((int[])[port]));
            Assert.That((int?)container["containers"]![0]!["ports"]![0]!["containerPort"], Is.EqualTo(port));
            Assert.That(image.Entrypoint, Is.EqualTo((string[])["dotnet", $"{project}.dll"]), "no shell in between");
        });
    }

    [TestCaseSource(nameof(Projects))]
    public void Its_bases_are_Microsofts_and_can_be_others(string project)
    {
        var text = Text(project);

        Assert.Multiple(() =>
        {
            Assert.That(text, Does.Contain("\nARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0\n").And.Contain("\nFROM ${SDK_IMAGE} AS build\n"));
            Assert.That(text, Does.Contain("\nARG RUNTIME_IMAGE=mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled\n").And.Contain("\nFROM ${RUNTIME_IMAGE}\n"));
            Assert.That(text, Does.Not.Contain("# syntax"), "it would be fetched from a registry that is not the bases'");
            Assert.That(text[text.LastIndexOf("\nFROM ", StringComparison.Ordinal)..], Does.Not.Contain("\nRUN "), "a base without a shell runs nothing");
            foreach (var label in (string[])["title", "description", "version", "revision", "base.name"])
                Assert.That(text, Does.Contain($"org.opencontainers.image.{label}="));
        });
    }

    [TestCaseSource(nameof(Projects))]
    public async Task What_it_copies_is_sent_to_the_build_and_is_what_its_tag_is_made_of(string project)
    {
        var copied = Copied(project).Order(StringComparer.Ordinal).ToList();
        var name = project == "InvoiceApp" ? "invoice-app" : "payment-provider";

        var tag = await Tool.RunAsync("bash", ["-c", $". {Repository.Path("eng/checks.sh")}; . {Repository.Path("eng/images.sh")}; image_sources {name}"]);
        // The single project files are copied before their folders, so that a restore is cached.
        var folders = copied.Where(path => !copied.Any(other => path.StartsWith(other + "/", StringComparison.Ordinal)));
        Assert.That(tag.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Is.EquivalentTo(folders));

        foreach (var list in (string[])[$"{project}/Dockerfile.dockerignore", ".dockerignore"])
        {
            var lines = await File.ReadAllLinesAsync(Repository.Path(list));
            Assert.That(lines, Has.Some.EqualTo("**"), "nothing goes that is not named");
            foreach (var path in folders)
                Assert.That(lines, Has.Some.EqualTo("!" + path), list);
        }
    }

    [Test]
    public void The_two_differ_in_names_alone()
    {
        var renamed = Text("InvoiceApp").Replace("InvoiceApp", "PaymentProvider", StringComparison.Ordinal).Replace("invoice-app", "payment-provider", StringComparison.Ordinal);

        Assert.That(Instructions(renamed), Is.EqualTo(Instructions(Text("PaymentProvider"))));

        // What the images are for, and the ports that the first test compares.
        static IEnumerable<string> Instructions(string text) => text.Split('\n').Where(line => !line.StartsWith("EXPOSE ", StringComparison.Ordinal) && !line.Contains("image.description", StringComparison.Ordinal));
    }

    // One of them: the other has the same commands, and a build takes its time.
    [Test]
    public async Task The_commands_of_its_build_stage_build_the_service()
    {
        const string project = "PaymentProvider";
        var folder = Directory.CreateTempSubdirectory("dockerfile-").FullName;
        try
        {
            foreach (var path in Copied(project))
                Copy(Repository.Path(path), Path.Combine(folder, path));
            foreach (Match run in Run().Matches(Text(project)))
            {
                var command = run.Groups["command"].Value.Replace("-o /app", $"-o {folder}/app", StringComparison.Ordinal);
                var words = command.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                var came = await Tool.RunAsync(
                    "bash", ["-c", $"cd '{folder}' && {string.Join(' ', words)}"], environment: new Dictionary<string, string?>(StringComparer.Ordinal) { ["MSBUILDDISABLENODEREUSE"] = "1" });
                Assert.That(came.ExitCode, Is.Zero, command + "\n" + came.Output);
            }

            var published = Directory.GetFiles(Path.Combine(folder, "app")).Select(file => Path.GetFileName(file)).ToList();
            Assert.That(published, Has.Some.EqualTo($"{project}.dll").And.Some.EqualTo($"{project}.runtimeconfig.json"));
            Assert.That(published, Has.None.EqualTo(project).And.None.EndsWith(".pdb"), "no program but dotnet's, no debugging");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Text(string project) => File.ReadAllText(Repository.Path($"{project}/Dockerfile"));

    private static IReadOnlyList<string> Copied(string project) =>
        [.. CopyLine().Matches(Text(project)).SelectMany(line => line.Groups["from"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(path => path.TrimEnd('/'))];

    private static void Copy(string from, string to)
    {
        if (File.Exists(from))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(to)!);
            File.Copy(from, to, overwrite: true);
            return;
        }
        foreach (var entry in Directory.GetFileSystemEntries(from))
            if (Path.GetFileName(entry) is not ("bin" or "obj"))
                Copy(entry, Path.Combine(to, Path.GetFileName(entry)));
    }

    [GeneratedRegex(@"^COPY (?!--)(?<from>.+) \S+$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex CopyLine();

    [GeneratedRegex(@"^RUN (?<command>.+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Run();
}
