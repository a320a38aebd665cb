namespace ClusterSim.Kustomize.Resources;

/// <summary>What identifies a resource: kind, name and namespace, as they are or as they were.</summary>
/// <param name="Gvk">Group, version and kind.</param>
/// <param name="Name">The name.</param>
/// <param name="Namespace">The namespace; empty where the resource names none.</param>
/// <param name="IsClusterScoped">Whether the kind certainly has no namespaces.</param>
internal readonly record struct ResId(Gvk Gvk, string Name, string Namespace, bool IsClusterScoped = false)
{
    /// <summary>The namespace that stands for cluster-scoped resources.</summary>
    public const string NoNamespace = "_non_namespaceable_";

    /// <summary>The namespace, where none means the default one.</summary>
    public string EffectiveNamespace => IsClusterScoped ? NoNamespace : Namespace.Length == 0 ? "default" : Namespace;

    public bool IsNamespaceOf(ResId other) => EffectiveNamespace == other.EffectiveNamespace;

    /// <summary>Returns whether kind, name and effective namespace agree (<c>ResId.Equals</c>).</summary>
    public bool Matches(ResId other) => IsNamespaceOf(other) && MatchesKindAndName(other);

    public bool MatchesKindAndName(ResId other) => Name == other.Name && Gvk == other.Gvk;

    /// <summary>Returns whether a selector accepts this resource; empty parts accept anything.</summary>
    public bool IsSelectedBy(ResId selector) =>
        (selector.Name.Length == 0 || selector.Name == Name)
        && (selector.Namespace.Length == 0 || selector.IsNamespaceOf(this))
        && Gvk.IsSelected(selector.Gvk);

    public override string ToString() => Namespace.Length == 0 ? $"{Gvk.ApiVersion} {Gvk.Kind} {Name}" : $"{Gvk.ApiVersion} {Gvk.Kind} {Namespace}/{Name}";
}
