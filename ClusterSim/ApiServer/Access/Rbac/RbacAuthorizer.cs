using ClusterSim.Storage;

namespace ClusterSim.Access.Rbac;

/// <summary>
/// Role-based access control over the store's current roles and bindings: <c>plugin/pkg/auth/authorizer/rbac</c>. What they say is compiled
/// once for each change of them, so that a question costs no more than a few comparisons. system:masters may do anything.
/// </summary>
internal sealed class RbacAuthorizer(VersionedStore store) : IAuthorizer
{
    private readonly PolicyRuleCache _rules = new();
    private volatile Version? _version;

    /// <summary>The roles and bindings as they are now.</summary>
    public RbacIndex Index
    {
        get
        {
            // Most writes touch no role: the store's revision says that nothing at all changed, the four tables' snapshots that none of them did.
            var revision = store.Revision;
            if (_version is { } known && known.Revision == revision)
                return known.Index;
            var roles = store.Current(RbacResources.Roles);
            var clusterRoles = store.Current(RbacResources.ClusterRoles);
            var roleBindings = store.Current(RbacResources.RoleBindings);
            var clusterRoleBindings = store.Current(RbacResources.ClusterRoleBindings);
            if (_version is { } before && before.Roles == roles && before.ClusterRoles == clusterRoles
                && before.RoleBindings == roleBindings && before.ClusterRoleBindings == clusterRoleBindings)
            {
                _version = before with { Revision = revision };
                return before.Index;
            }
            var index = new RbacIndex(_rules, roles, clusterRoles, roleBindings, clusterRoleBindings);
            _version = new Version(revision, roles, clusterRoles, roleBindings, clusterRoleBindings, index);
            return index;
        }
    }

    /// <inheritdoc/>
    public bool IsAllowed(in AccessAttributes attributes, out string reason)
    {
        if (IsMaster(attributes.User))
        {
            reason = "";
            return true;
        }
        return Index.IsAllowed(attributes, out reason);
    }

    /// <summary>Whether the user is of the group that may do anything, whatever the roles say.</summary>
    public static bool IsMaster(UserInfo user)
    {
        for (var i = 0; i < user.Groups.Count; i++)
            if (user.Groups[i] == UserInfo.Masters)
                return true;
        return false;
    }

    private sealed record Version(
        long Revision, StoreSnapshot Roles, StoreSnapshot ClusterRoles, StoreSnapshot RoleBindings, StoreSnapshot ClusterRoleBindings, RbacIndex Index);
}
