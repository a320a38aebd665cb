using System.Collections.Immutable;
using System.Text.Json;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Access.Rbac;

/// <summary>
/// What kubelets may do: <c>plugin/pkg/auth/authorizer/node</c>. A user <c>system:node:x</c> of the group system:nodes has the rules of the
/// cluster role system:node, narrowed to what its own pods refer to: their Secrets and ConfigMaps (by name, never a whole list), claims and
/// volumes, their service accounts' tokens, and its own lease and CSINode.
/// <para>
/// Less than Kubernetes: lists and watches of pods and nodes are not tied to a field selector (callers in this process read a snapshot
/// by node), and attachments, resource claims, slices, and certificates are not narrowed. That a node writes only its own pods and its own
/// Node is, as there, the NodeRestriction plugin's business.
/// </para>
/// </summary>
internal sealed class NodeAuthorizer(VersionedStore store, ImmutableArray<PolicyRule> rules) : IAuthorizer
{
    /// <summary>How a kubelet's user begins.</summary>
    public const string UserPrefix = "system:node:";

    /// <summary>The kubelets' group.</summary>
    public const string Group = "system:nodes";

    private static readonly GroupResource Pods = new("", "pods");
    private static readonly GroupResource Claims = new("", "persistentvolumeclaims");

    /// <summary>The node a user is the kubelet of; null where it is none.</summary>
    public static string? NodeOf(UserInfo user) =>
        user.Name.StartsWith(UserPrefix, StringComparison.Ordinal) && user.Groups.Contains(Group) ? user.Name[UserPrefix.Length..] : null;

    /// <inheritdoc/>
    public bool IsAllowed(in AccessAttributes attributes, out string reason)
    {
        reason = "";
        if (NodeOf(attributes.User) is not { } node)
            return false;
        var allowed = false;
        foreach (var rule in rules)
            if (rule.Allows(attributes))
            {
                allowed = true;
                break;
            }
        if (!allowed)
            return false;
        switch (attributes.Resource, attributes.Subresource)
        {
            case ({ Group: "", Resource: "secrets" or "configmaps" or "persistentvolumeclaims" or "serviceaccounts" } resource, null or "token" or "status"):
                return Refers(node, resource.Resource, attributes, ref reason);
            case ({ Group: "", Resource: "persistentvolumes" }, null):
                return RefersToVolume(node, attributes, ref reason);
            case ({ Group: "coordination.k8s.io", Resource: "leases" }, null):
                // The lease of a node has its name; a create may leave it to the body.
                return Own(node, attributes, "can only access node lease with the same name as the requesting node", ref reason);
            case ({ Group: "storage.k8s.io", Resource: "csinodes" }, null):
                return Own(node, attributes, "can only access CSINode with the same name as the requesting node", ref reason);
            default:
                return true;
        }
    }

    private static bool Own(string node, in AccessAttributes asked, string otherwise, ref string reason)
    {
        if (asked.Verb == "create" || asked.Name == node)
            return true;
        reason = otherwise;
        return false;
    }

    private bool Refers(string node, string resource, in AccessAttributes asked, ref string reason)
    {
        if (asked.Name is { } name && asked.Namespace is { } @namespace)
        {
            foreach (var pod in store.Current(Pods).OnNode(node))
                if (pod.Namespace == @namespace && RefersTo(pod.Spec, resource, name, pod.Name))
                    return true;
        }
        else if (asked.Name is null)
        {
            reason = "No Object name found";
            return false;
        }
        reason = $"no relationship found between node '{node}' and this object";
        return false;
    }

    private bool RefersToVolume(string node, in AccessAttributes asked, ref string reason)
    {
        foreach (var pod in store.Current(Pods).OnNode(node))
            foreach (var volume in pod.Spec.At("volumes").Items())
                if (ClaimOf(volume, pod.Name) is { } claim && store.Find(Claims, new(pod.Namespace, claim))?.Spec.At("volumeName").Text() == asked.Name && asked.Name is not null)
                    return true;
        reason = $"no relationship found between node '{node}' and this object";
        return false;
    }

    private static bool RefersTo(JsonElement spec, string resource, string name, string pod) => resource switch
    {
        "serviceaccounts" => spec.At("serviceAccountName").Text() == name,
        "persistentvolumeclaims" => spec.At("volumes").Items().Any(volume => ClaimOf(volume, pod) == name),
        "secrets" => spec.At("imagePullSecrets").Items().Any(secret => secret.At("name").Text() == name)
            || spec.At("volumes").Items().Any(volume => volume.At("secret", "secretName").Text() == name
                || volume.At("csi", "nodePublishSecretRef", "name").Text() == name
                || volume.At("projected", "sources").Items().Any(source => source.At("secret", "name").Text() == name))
            || Environment(spec, "secretRef", "secretKeyRef", name),
        _ => spec.At("volumes").Items().Any(volume => volume.At("configMap", "name").Text() == name
                || volume.At("projected", "sources").Items().Any(source => source.At("configMap", "name").Text() == name))
            || Environment(spec, "configMapRef", "configMapKeyRef", name),
    };

    private static string? ClaimOf(JsonElement volume, string pod) =>
        volume.At("persistentVolumeClaim", "claimName").Text() ?? (volume.At("ephemeral").Exists() ? $"{pod}-{volume.At("name").Text()}" : null);

    private static bool Environment(JsonElement spec, string all, string key, string name)
    {
        foreach (var container in spec.VisitContainers(ContainerType.AllContainers))
        {
            foreach (var source in container.At("envFrom").Items())
                if (source.At(all, "name").Text() == name)
                    return true;
            foreach (var variable in container.At("env").Items())
                if (variable.At("valueFrom", key, "name").Text() == name)
                    return true;
        }
        return false;
    }
}
