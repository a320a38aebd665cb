using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Changes resources.</summary>
internal interface ITransformer
{
    /// <exception cref="KustomizeException">The resources cannot be changed as configured.</exception>
    void Transform(ResMap resources);
}
