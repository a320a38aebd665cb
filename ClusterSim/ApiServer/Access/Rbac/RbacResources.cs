namespace ClusterSim.Access.Rbac;

/// <summary>The four kinds of <c>rbac.authorization.k8s.io</c>.</summary>
internal static class RbacResources
{
    /// <summary>The API group.</summary>
    public const string Group = "rbac.authorization.k8s.io";

    /// <summary>Roles.</summary>
    public static readonly GroupResource Roles = new(Group, "roles");

    /// <summary>Bindings in a namespace.</summary>
    public static readonly GroupResource RoleBindings = new(Group, "rolebindings");

    /// <summary>Roles for all namespaces, or none.</summary>
    public static readonly GroupResource ClusterRoles = new(Group, "clusterroles");

    /// <summary>Bindings for all namespaces, or none.</summary>
    public static readonly GroupResource ClusterRoleBindings = new(Group, "clusterrolebindings");
}
