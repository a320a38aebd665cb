using System.Collections.Immutable;
using System.Text.Json;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Access.Rbac;

/// <summary>
/// The roles and bindings every cluster starts with, as a Kubernetes 1.36 has them (the embedded <c>default-access.json</c>): kube-apiserver's
/// <c>rbac/bootstrap-roles</c> hook.
/// </summary>
internal static class DefaultAccess
{
    private static readonly (string Field, GroupResource Resource, string Kind)[] Kinds =
    [
        ("clusterroles", RbacResources.ClusterRoles, "ClusterRole"),
        ("clusterrolebindings", RbacResources.ClusterRoleBindings, "ClusterRoleBinding"),
        ("roles", RbacResources.Roles, "Role"),
        ("rolebindings", RbacResources.RoleBindings, "RoleBinding"),
    ];

    /// <summary>
    /// Writes those that are missing straight into the store: nobody can be asked for leave before there are roles. Their namespaces need
    /// not be there yet. Returns the rules of system:node, for the <see cref="NodeAuthorizer"/>.
    /// </summary>
    public static ImmutableArray<PolicyRule> Install(VersionedStore store, TimeProvider clock, Randomness random)
    {
        using var stream = typeof(DefaultAccess).Assembly.GetManifestResourceStream("default-access.json")!;
        using var document = JsonDocument.Parse(stream);
        var now = clock.GetUtcNow().Stamp();
        var node = ImmutableArray<PolicyRule>.Empty;
        foreach (var (field, resource, kind) in Kinds)
            foreach (var item in document.RootElement.At(field).Items())
            {
                var said = item.At("metadata");
                var key = new ObjectKey(said.At("namespace").Text(), said.At("name").Text(""));
                if (kind == "ClusterRole" && key.Name == "system:node")
                    node = PolicyRule.ListOf(item.At("rules"));
                if (store.Find(resource, key) is not null)
                    continue;
                var metadata = said.ToObject();
                metadata["uid"] = random.NextUid();
                metadata["creationTimestamp"] = now;
                store.Create(resource, key, Object(
                    ("kind", kind),
                    ("apiVersion", $"{RbacResources.Group}/v1"),
                    ("metadata", metadata),
                    ("aggregationRule", item.At("aggregationRule").ToNode()),
                    ("rules", item.At("rules").ToNode()),
                    ("subjects", item.At("subjects").ToNode()),
                    ("roleRef", item.At("roleRef").ToNode())));
            }
        return node;
    }
}
