namespace ClusterSim.Machinery;

/// <summary>An object's namespace (null for cluster-scoped ones) and name.</summary>
internal readonly record struct ObjectKey(string? Namespace, string Name)
{
    /// <summary><c>namespace/name</c>, or the name alone.</summary>
    public override string ToString() => Namespace is null ? Name : $"{Namespace}/{Name}";
}
