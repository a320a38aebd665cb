using System.Reflection;
using System.Text.RegularExpressions;
using ClusterSim;
using ClusterSim.Controllers;
using ClusterSim.Manifests;
using ClusterSim.Network;
using ClusterSim.Registry;
using NetArchTest.Rules;

namespace Tests.Unit.Architecture;

/// <summary>The order of the folders inside the simulator's projects: a folder depends only on those before it.</summary>
internal sealed class LayerTests
{
    private static readonly Assembly ApiServer = typeof(ApiServer).Assembly;
    private static readonly Assembly Control = typeof(ControllerManager).Assembly;
    private static readonly Assembly Nodes = typeof(NetworkOptions).Assembly;
    private static readonly Assembly Kustomize = typeof(Manifest).Assembly;
    private static readonly Assembly Cluster = typeof(SimulatedCluster).Assembly;

    // From the lowest to the highest; a namespace includes those below it, unless they are listed themselves.
    private static readonly (Assembly Assembly, string[] Namespaces)[] Orders =
    [
        (ApiServer,
        [
            "ClusterSim.Schema", "ClusterSim.Storage", "ClusterSim.Objects", "ClusterSim.Patching", "ClusterSim.Validation", "ClusterSim.CustomResources",
            "ClusterSim.Access", "ClusterSim.Requests", "ClusterSim.Admission", "ClusterSim.Registry", "ClusterSim.Client", "ClusterSim.Tables",
            "ClusterSim.Http", "ClusterSim.OpenApi", "ClusterSim.Streaming",
        ]),
        (Control, ["ClusterSim.Controllers", "ClusterSim.Scheduling.Framework", "ClusterSim.Scheduling.Plugins", "ClusterSim.Scheduling"]),
        (Nodes, ["ClusterSim.Nodes.Files", "ClusterSim.Network", "ClusterSim.Nodes.Images", "ClusterSim.Nodes", "ClusterSim.Nodes.Simulated"]),
        (Kustomize,
        [
            "ClusterSim.Kustomize.Kyaml", "ClusterSim.Kustomize.Resources", "ClusterSim.Kustomize.Configuration", "ClusterSim.Kustomize.Builtins", "ClusterSim.Kustomize.Target",
            "ClusterSim.Manifests",
        ]),
        (Cluster, ["ClusterSim.Metrics", "ClusterSim.Faults", "ClusterSim"]),
    ];

    private static readonly string[] AspNetCore =
        ["ClusterSim.Access", "ClusterSim.Http", "ClusterSim.OpenApi", "ClusterSim.Streaming", "ClusterSim.Network", "ClusterSim.Nodes", "ClusterSim"];

    public static IEnumerable<TestCaseData> Folders =>
        from order in Orders
        from place in Enumerable.Range(0, order.Namespaces.Length)
        select new TestCaseData(order.Assembly, order.Namespaces, place).SetArgDisplayNames(order.Namespaces[place]);

    [TestCaseSource(nameof(Folders))]
    public void A_folder_depends_only_on_those_before_it(Assembly assembly, string[] order, int place)
    {
        var later = order[(place + 1)..].SelectMany(folder => TypesIn(assembly, folder, order)).Select(type => type.FullName!.Replace('+', '/')).ToArray();

        var result = Types.InAssembly(assembly).That().ResideInNamespaceMatching(Pattern(order[place], order)).Should().NotHaveDependencyOnAny(later).GetResult();

        Assert.That(TypesIn(assembly, order[place], order), Is.Not.Empty, "types of the folder");
        Assert.That(result.FailingTypeNames ?? [], Is.Empty, $"depend on one of {string.Join(", ", order[(place + 1)..])}");
    }

    // The namespace ClusterSim is that of all public types that users name first, whichever assembly has them.
    [Test]
    public void Every_folder_has_a_place_in_the_order()
    {
        var without = Orders.SelectMany(order => order.Assembly.GetTypes()
            .Where(type => type.Namespace is { } name && name.StartsWith("ClusterSim.", StringComparison.Ordinal) && FolderOf(name, order.Namespaces) is null)
            .Select(type => type.FullName));

        Assert.That(without, Is.Empty);
    }

    [Test]
    public void Nothing_of_the_simulator_refers_to_PostgreSQL()
    {
        var references = Orders.Select(order => order.Assembly).SelectMany(assembly => assembly.GetReferencedAssemblies()).Select(name => name.Name);

        Assert.That(references, Does.Not.Contain("Npgsql"));
    }

    [Test]
    public void ASP_NET_is_used_by_HTTP_and_hosting_alone()
    {
        var users = Orders.SelectMany(order => Types.InAssembly(order.Assembly).That().HaveDependencyOn("Microsoft.AspNetCore").GetTypes())
            .Select(type => type.Namespace ?? "")
            .Where(name => name.StartsWith("ClusterSim", StringComparison.Ordinal) && !AspNetCore.Any(allowed => name == allowed || (allowed != "ClusterSim" && name.StartsWith(allowed + ".", StringComparison.Ordinal))))
            .Distinct(StringComparer.Ordinal);

        Assert.That(users, Is.Empty);
    }

    private static IEnumerable<Type> TypesIn(Assembly assembly, string folder, string[] order) =>
        assembly.GetTypes().Where(type => !type.IsNested && type.Namespace is { } name && FolderOf(name, order) == folder);

    private static string? FolderOf(string name, string[] order) =>
        order.Where(folder => name == folder || name.StartsWith(folder + ".", StringComparison.Ordinal)).MaxBy(folder => folder.Length);

    /// <summary>Matches the namespaces of a folder, without those below it that have a place of their own.</summary>
    private static string Pattern(string folder, string[] order)
    {
        var below = order.Where(other => other.StartsWith(folder + ".", StringComparison.Ordinal)).Select(other => Regex.Escape(other[folder.Length..]));
        return $@"^{Regex.Escape(folder)}(?!{string.Join('|', below.DefaultIfEmpty("!"))})(\.|$)";
    }
}
