using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Makes resources.</summary>
internal interface IGenerator
{
    /// <exception cref="KustomizeException">The resources cannot be made as configured.</exception>
    IReadOnlyList<Resource> Generate();
}
