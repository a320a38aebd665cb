namespace ClusterSim.Machinery;

/// <summary>An API group and version: <c>apps/v1</c>, or <c>v1</c> for the core group, whose name is empty.</summary>
internal readonly record struct GroupVersion(string Group, string Version)
{
    /// <summary>Reads an <c>apiVersion</c>.</summary>
    public static GroupVersion Parse(string apiVersion)
    {
        var slash = apiVersion.IndexOf('/', StringComparison.Ordinal);
        return slash < 0 ? new("", apiVersion) : new(apiVersion[..slash], apiVersion[(slash + 1)..]);
    }

    /// <summary>As an <c>apiVersion</c> field says it.</summary>
    public override string ToString() => Group.Length == 0 ? Version : $"{Group}/{Version}";
}

/// <summary>What an object's <c>apiVersion</c> and <c>kind</c> say.</summary>
internal readonly record struct GroupVersionKind(string Group, string Version, string Kind)
{
    /// <summary>The group and version.</summary>
    public GroupVersion GroupVersion => new(Group, Version);

    /// <inheritdoc/>
    public override string ToString() => $"{GroupVersion}, Kind={Kind}";
}

/// <summary>A resource whatever its version: what is stored once, and what RBAC speaks of. <c>deployments.apps</c>; <c>pods</c>.</summary>
internal readonly record struct GroupResource(string Group, string Resource)
{
    /// <summary>As Kubernetes names it in messages.</summary>
    public override string ToString() => Group.Length == 0 ? Resource : $"{Resource}.{Group}";
}
