using System.Text;
using Harness.Commands;
using Processes;

namespace Harness.Tests.Configuration;

/// <summary>The command in a repository that is not this one: what it says where something is missing.</summary>
internal sealed class OtherRepositoryTests
{
    private const string Shop = """
        apiVersion: harness/v1
        name: shop
        kustomization: k8s
        images:
          shop-api:1.0.0: { project: Shop.Api/Shop.Api.csproj, dockerfile: Shop.Api/Dockerfile }
        """;

    private DirectoryInfo _root = null!;

    [SetUp]
    public void Create()
    {
        _root = Directory.CreateTempSubdirectory("harness-");
        Write("k8s/kustomization.yaml", "resources: []");
        Write("Shop.Api/Shop.Api.csproj", "<Project />");
        Write("Shop.Api/Dockerfile", "FROM scratch");
    }

    [TearDown]
    public void Delete() => _root.Delete(recursive: true);

    [Test]
    public async Task Without_harness_yaml_the_command_says_where_it_looked_and_shows_an_example()
    {
        var (code, error) = await RunAsync("up");

        Assert.That(code, Is.EqualTo(1));
        Assert.That(error, Does.StartWith($"harness: no harness.yaml in {_root.FullName} or a folder above it. Create it in the repository's root, for example:\n\napiVersion: harness/v1\n"));
    }

    [Test]
    public async Task A_project_that_is_not_published_is_named_with_the_command_that_publishes_it()
    {
        Write("harness.yaml", Shop);

        var (code, error) = await RunAsync("up", "--detach");

        Assert.That((code, error), Is.EqualTo((1,
            $"harness: harness.yaml: images.shop-api:1.0.0: Shop.Api/Shop.Api.csproj is not published: dotnet publish {_root.FullName}/Shop.Api/Shop.Api.csproj --configuration Release --output {_root.FullName}/artifacts/published/Shop.Api\n")));
    }

    [Test]
    public async Task A_published_project_with_another_assembly_is_told_of_the_field_for_it()
    {
        Write("harness.yaml", Shop);
        Write("artifacts/published/Shop.Api/Api.dll", "");

        var (code, error) = await RunAsync("up", "--detach");

        Assert.That((code, error), Is.EqualTo((1,
            $"harness: harness.yaml: images.shop-api:1.0.0: {_root.FullName}/artifacts/published/Shop.Api has no Shop.Api.dll; where the program's assembly has another name than the project, add: assembly: NAME.dll\n")));
    }

    [Test]
    public async Task Chaos_without_a_scenario_says_what_to_add()
    {
        Write("harness.yaml", Shop);

        var (code, error) = await RunAsync("chaos");

        Assert.That((code, error), Is.EqualTo((1,
            "harness: harness.yaml names no scenario; add: chaos: { project: Shop.Chaos/Shop.Chaos.csproj, scenario: Shop.Chaos.OrderScenario } (docs/chaos.md)\n")));
    }

    private void Write(string path, string text)
    {
        var full = Path.Combine(_root.FullName, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        File.WriteAllText(full, text);
    }

    private async Task<(int Code, string Error)> RunAsync(params string[] arguments)
    {
        using var error = new MemoryStream();
        var code = await HarnessCommand.RunAsync(new ServiceProcess
        {
            Arguments = arguments,
            Environment = new Dictionary<string, string>(StringComparer.Ordinal),
            WorkingDirectory = _root.FullName,
            Output = Stream.Null,
            Error = error,
            Network = MachineProcess.MachineNetwork.Instance,
        });
        return (code, Encoding.UTF8.GetString(error.ToArray()));
    }
}
