using ClusterSim.Machinery;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Validation;

namespace ClusterSim.Tests.Validation;

/// <summary>The built-in kinds that have rules of their own.</summary>
internal static class RuledKinds
{
    /// <summary>All of them, in the version they are stored in.</summary>
    public static IEnumerable<GroupVersionKind> Of(KindStrategies strategies) => new ResourceCatalog().All
        .SelectMany(type => type.Subresources.Values.Select(sub => sub.Kind).Append(type.GroupVersionKind))
        .Distinct()
        .Where(kind => strategies.For(kind) is not PlainStrategy);
}
