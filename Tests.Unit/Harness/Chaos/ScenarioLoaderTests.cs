using System.Runtime.Loader;
using Harness.Chaos;
using Harness.Commands;
using Harness.Configuration;
using Harness.Running;

namespace Harness.Tests.Chaos;

/// <summary>A scenario is loaded from the folder that its project is published to.</summary>
internal sealed class ScenarioLoaderTests
{
    private const string Project = "InvoiceApp.Chaos/InvoiceApp.Chaos.csproj";
    private DirectoryInfo _root = null!;
    private HarnessFolder _folder = null!;

    [SetUp]
    public void Publish()
    {
        _root = Directory.CreateTempSubdirectory("harness-");
        _folder = new HarnessFolder(_root.FullName);
        var published = Directory.CreateDirectory(Path.Combine(_folder.Published, "InvoiceApp.Chaos"));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "InvoiceApp.Chaos.dll"), Path.Combine(published.FullName, "InvoiceApp.Chaos.dll"));
    }

    [TearDown]
    public void Delete() => _root.Delete(recursive: true);

    [Test]
    public void It_has_a_load_context_of_its_own_and_shares_the_contract_with_the_command()
    {
        var scenario = ScenarioLoader.Load(_folder, new ScenarioReference(Project, "InvoiceApp.Chaos.PayingScenario"));

        Assert.That(scenario.LoadFields, Is.EqualTo((string[])["invoices", "refused", "calls"]));
        Assert.That(AssemblyLoadContext.GetLoadContext(scenario.GetType().Assembly), Is.Not.EqualTo(AssemblyLoadContext.Default));
    }

    [Test]
    public void A_type_that_is_not_there_is_told_with_those_that_are() =>
        Assert.That(() => ScenarioLoader.Load(_folder, new ScenarioReference(Project, "InvoiceApp.Chaos.Paying")), Throws.TypeOf<CommandException>().With.Message.EqualTo(
            "harness.yaml: chaos.scenario: found 'InvoiceApp.Chaos.Paying', should be a public class of InvoiceApp.Chaos.dll that implements Harness.Chaos.IChaosScenario "
            + "and has a public constructor without parameters; there is InvoiceApp.Chaos.PayingScenario"));

    [Test]
    public void A_project_that_is_not_published_is_told_with_the_command_that_publishes_it() =>
        Assert.That(() => ScenarioLoader.Load(_folder, new ScenarioReference("Shop.Chaos/Shop.Chaos.csproj", "Shop.Chaos.OrderScenario")), Throws.TypeOf<CommandException>().With.Message.EqualTo(
            $"harness.yaml: chaos.project: Shop.Chaos/Shop.Chaos.csproj is not published: dotnet publish {_root.FullName}/Shop.Chaos/Shop.Chaos.csproj --configuration Release --output {_root.FullName}/artifacts/published/Shop.Chaos"));
}
