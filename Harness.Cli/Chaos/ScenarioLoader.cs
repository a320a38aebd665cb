using System.Reflection;
using Harness.Commands;
using Harness.Configuration;
using Harness.Running;

namespace Harness.Chaos;

/// <summary>Loads the scenario that harness.yaml names from the folder that its project is published to.</summary>
internal static class ScenarioLoader
{
    /// <summary>Loads it.</summary>
    /// <exception cref="CommandException">The project is not published, or has no such scenario.</exception>
    public static IChaosScenario Load(HarnessFolder folder, ScenarioReference reference)
    {
        var published = folder.FindPublished(reference.ProjectName)
            ?? throw new CommandException($"{HarnessYaml.FileName}: chaos.project: {reference.Project} is not published: {folder.HowToPublish(reference.Project, reference.ProjectName)}");
        var path = Path.Combine(published, $"{reference.ProjectName}.dll");
        if (!File.Exists(path))
            throw new CommandException($"{HarnessYaml.FileName}: chaos.project: {published} has no {reference.ProjectName}.dll; the assembly of a scenario has the name of its project");
        var assembly = new ScenarioLoadContext(path).LoadFromAssemblyPath(path);
        var scenarios = assembly.GetExportedTypes().Where(IsScenario).ToList();
        var type = scenarios.Find(type => type.FullName == reference.Scenario)
            ?? throw new CommandException(
                $"{HarnessYaml.FileName}: chaos.scenario: found '{reference.Scenario}', should be a public class of {reference.ProjectName}.dll that implements "
                + $"{typeof(IChaosScenario).FullName} and has a public constructor without parameters; {(scenarios.Count == 0 ? "there is none" : $"there is {string.Join(", ", scenarios.Select(scenario => scenario.FullName))}")}");
        return (IChaosScenario)Activator.CreateInstance(type)!;
    }

    private static bool IsScenario(Type type) =>
        type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(IChaosScenario)) && type.GetConstructor(BindingFlags.Public | BindingFlags.Instance, []) is not null;
}
