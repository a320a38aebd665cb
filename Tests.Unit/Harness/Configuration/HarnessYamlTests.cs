using System.Diagnostics;
using Harness.Commands;
using Harness.Configuration;
using Tests.Unit.Architecture;

namespace Harness.Tests.Configuration;

/// <summary>harness.yaml: what it may say, and what is reported where it says something else.</summary>
internal sealed class HarnessYamlTests
{
    private DirectoryInfo _root = null!;

    [SetUp]
    public void Create()
    {
        _root = Directory.CreateTempSubdirectory("harness-");
        Write("k8s/overlays/dev/kustomization.yaml", "resources: []");
        Write("Shop.Api/Shop.Api.csproj", "<Project />");
        Write("Shop.Api/Dockerfile", "FROM scratch");
        Write("Shop.Chaos/Shop.Chaos.csproj", "<Project />");
    }

    [TearDown]
    public void Delete() => _root.Delete(recursive: true);

    [Test]
    public void The_example_is_complete()
    {
        var harness = Read(HarnessYaml.Example);

        Assert.Multiple(() =>
        {
            Assert.That(harness.Name, Is.EqualTo("shop"));
            Assert.That(harness.KustomizationFolder, Is.EqualTo(Path.Combine(_root.FullName, "k8s/overlays/dev")));
            Assert.That(harness.Images, Is.EqualTo((ProjectImage[])[new("shop-api:1.0.0", "Shop.Api/Shop.Api.csproj", "Shop.Api/Dockerfile")]));
            Assert.That(harness.Images[0].Assembly, Is.EqualTo("Shop.Api.dll"));
            Assert.That(harness.Databases.Postgres, Is.Null);
            Assert.That(harness.Ports, Is.EqualTo(new HostPorts { Ingress = 8080, Api = null }));
            Assert.That(harness.Chaos, Is.Null);
        });
    }

    [Test]
    public void Every_field_is_read()
    {
        var harness = Read(HarnessYaml.Example.Replace("Shop.Api/Dockerfile }", "Shop.Api/Dockerfile, assembly: Api.dll }", StringComparison.Ordinal) + """

            databases: { postgres: { image: "registry.example.com:5000/postgres:18" } }
            ports: { ingress: 9090, api: 6443 }
            browsers: { allowedOrigins: [ http://localhost:3000 ], allowedHosts: [ "*.shop.test" ] }
            urls: { shop: /orders, admin: / }
            chaos: { project: Shop.Chaos/Shop.Chaos.csproj, scenario: Shop.Chaos.OrderScenario }
            """);

        Assert.Multiple(() =>
        {
            Assert.That(harness.Images[0].Assembly, Is.EqualTo("Api.dll"));
            Assert.That(harness.Databases.Postgres, Is.EqualTo("registry.example.com:5000/postgres:18"));
            Assert.That(harness.Ports, Is.EqualTo(new HostPorts { Ingress = 9090, Api = 6443 }));
            Assert.That(harness.Browsers.AllowedOrigins, Is.EqualTo(new[] { "http://localhost:3000" }));
            Assert.That(harness.Browsers.AllowedHosts, Is.EqualTo(new[] { "*.shop.test" }));
            Assert.That(harness.Urls, Is.EqualTo(new Dictionary<string, string>(StringComparer.Ordinal) { ["shop"] = "/orders", ["admin"] = "/" }));
            Assert.That(harness.Chaos, Is.EqualTo(new ScenarioReference("Shop.Chaos/Shop.Chaos.csproj", "Shop.Chaos.OrderScenario")));
        });
    }

    [Test]
    public void All_errors_are_reported_at_once_with_line_field_value_found_and_value_expected()
    {
        const string Wrong = """
            apiVersion: harness/v2
            kustomisation: k8s/overlays/dev
            kustomization: k8s/overlays/prod
            images:
              shop-api: { project: Shop.Api/Shop.Api.csproj, dockerfile: Shop.Api/Dockerfile }
              shop-web:1.0.0:
                project: Shop.Web/Shop.Web.csproj
                dockerfil: Shop.Web/Dockerfile
              other:1.0.0: []
            databases: { mysql: { image: mysql:9 } }
            ports: { ingress: http }
            urls: { shop: orders }
            chaos: { scenario: [] }
            browsers: { allowedOrigins: [ "http://localhost:3000/" ], allowedHosts: [ "shop.test:80" ] }
            """;

        Assert.That(() => Read(Wrong), Throws.TypeOf<CommandException>().With.Message.EqualTo($$"""
            {{_root.FullName}}/harness.yaml has 16 errors:
            harness.yaml:1: apiVersion: found 'harness/v2', should be harness/v1
            harness.yaml:1: name: missing; should be the name of the system
            harness.yaml:2: kustomisation: not known; should be apiVersion, name, kustomization, images, databases, ports, browsers, urls or chaos
            harness.yaml:3: kustomization: found 'k8s/overlays/prod', should be a folder with a kustomization.yaml, relative to the repository's root
            harness.yaml:5: images: found 'shop-api', should be name:tag, as the manifests have it
            harness.yaml:7: images.shop-web:1.0.0.project: found 'Shop.Web/Shop.Web.csproj', should be a project file, relative to the repository's root; there is no such file in {{_root.FullName}}
            harness.yaml:7: images.shop-web:1.0.0.dockerfile: missing; should be a Dockerfile, relative to the repository's root
            harness.yaml:8: images.shop-web:1.0.0.dockerfil: not known; should be project, dockerfile or assembly
            harness.yaml:9: images.other:1.0.0: found a list, should be a mapping such as { project: Shop.Api/Shop.Api.csproj, dockerfile: Shop.Api/Dockerfile }
            harness.yaml:10: databases.mysql: not known; should be postgres
            harness.yaml:11: ports.ingress: found 'http', should be a whole number from 0 to 65535
            harness.yaml:12: urls.shop: found 'orders', should be a path on the Ingress, such as /orders
            harness.yaml:13: chaos.project: missing; should be a project file, relative to the repository's root
            harness.yaml:13: chaos.scenario: found a list, should be the full name of a type that implements Harness.Chaos.IChaosScenario
            harness.yaml:14: browsers.allowedOrigins: found 'http://localhost:3000/', should be origins such as http://localhost:3000, or '*'
            harness.yaml:14: browsers.allowedHosts: found 'shop.test:80', should be names such as shop.example.com or '*.example.com', without ports, or '*'
            docs/harness-yaml.md describes every field.
            """));
    }

    [Test]
    public void Projects_that_would_be_published_to_one_folder_are_refused()
    {
        Write("Other/Shop.Api.csproj", "<Project />");

        Assert.That(
            () => Read(HarnessYaml.Example + "\n  other:1.0.0: { project: Other/Shop.Api.csproj, dockerfile: Shop.Api/Dockerfile }"),
            Throws.TypeOf<CommandException>().With.Message.Contains(
                "harness.yaml:6: images.other:1.0.0.project: found 'Other/Shop.Api.csproj', should be a project with another file name than Shop.Api/Shop.Api.csproj"));
    }

    [TestCase("images: {", "harness.yaml:2: not YAML: ")]
    [TestCase("[]", "harness.yaml:1: found a document that is no mapping, should be one mapping")]
    [TestCase("", "harness.yaml:1: found no document, should be one mapping")]
    public void What_is_no_mapping_is_refused(string text, string error) =>
        Assert.That(() => Read(text), Throws.TypeOf<CommandException>().With.Message.Contains(error));

    [Test]
    public void Where_there_is_no_file_an_example_is_shown() =>
        Assert.That(() => HarnessYaml.Load(_root.FullName), Throws.TypeOf<CommandException>().With.Message.EqualTo(
            $"{_root.FullName}/harness.yaml does not exist. Create it in the repository's root, for example:\n\n{HarnessYaml.Example}\n\ndocs/harness-yaml.md describes every field."));

    [Test]
    public async Task Scripts_read_the_projects_and_images_that_the_command_reads()
    {
        var harness = HarnessYaml.Load(Repository.Root);

        var projects = await BashAsync("projects_in harness.yaml");
        var images = await BashAsync("images_in harness.yaml");

        Assert.Multiple(() =>
        {
            Assert.That(projects, Is.EqualTo(harness.Images.Select(image => image.Project).Append(harness.Chaos!.Project)));
            Assert.That(images, Is.EqualTo(harness.Images.Select(image => $"{image.Reference.Replace(':', '\t')}\t{image.Project}\t{image.Dockerfile}")));
        });
    }

    [Test]
    public async Task Scripts_read_fields_on_one_line_and_on_several()
    {
        Write("several.yaml", """
            images:
              registry.example.com:5000/a:1.0: { dockerfile: "A/Dockerfile", project: 'A B/A.csproj' }
              # c:1: { project: C.csproj, dockerfile: C }
              "b:2":
                project: B/B.csproj # the second
                dockerfile: B/Dockerfile
            chaos: { project: D/D.csproj, scenario: D }
            """);

        var file = Path.Combine(_root.FullName, "several.yaml");

        Assert.That(await BashAsync($"projects_in '{file}'"), Is.EqualTo((string[])["A B/A.csproj", "B/B.csproj", "D/D.csproj"]));
        Assert.That(await BashAsync($"images_in '{file}'"), Is.EqualTo((string[])["registry.example.com:5000/a\t1.0\tA B/A.csproj\tA/Dockerfile", "b\t2\tB/B.csproj\tB/Dockerfile"]));
    }

    [Test]
    public async Task Scripts_find_the_folders_of_the_projects_that_a_project_refers_to()
    {
        Write("A/A.csproj", """<Project><ItemGroup><ProjectReference Include="../B/B.csproj" /><ProjectReference Include="..\C/D\D.csproj" /></ItemGroup></Project>""");
        Write("B/B.csproj", """<Project><ItemGroup><ProjectReference Include="../C/D/D.csproj" /></ItemGroup></Project>""");
        Write("C/D/D.csproj", """<Project><ItemGroup><ProjectReference Include="../../A/A.csproj" /></ItemGroup></Project>""");

        Assert.That(await BashAsync($"folders_of \"$(cd -P '{_root.FullName}' && pwd)\" A/A.csproj"), Is.EqualTo((string[])["A", "B", "C/D"]));
    }

    private static async Task<string[]> BashAsync(string command)
    {
        using var process = Process.Start(new ProcessStartInfo("bash", ["-c", $". eng/harness-yaml.sh; {command}"]) { WorkingDirectory = Repository.Root, RedirectStandardOutput = true, UseShellExecute = false })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private HarnessYaml Read(string text)
    {
        Write(HarnessYaml.FileName, text);
        return HarnessYaml.Load(_root.FullName);
    }

    private void Write(string path, string text)
    {
        var full = Path.Combine(_root.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }
}
