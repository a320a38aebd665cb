namespace ClusterSim.Kustomize.Resources;

/// <summary>What a generator does where the object exists already.</summary>
internal enum GeneratorBehavior
{
    Unspecified,
    Create,
    Replace,
    Merge,
}
