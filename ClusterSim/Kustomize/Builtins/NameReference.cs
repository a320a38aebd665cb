using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>One field that refers to objects of a kind (<c>filters/nameref</c>).</summary>
/// <param name="referrer">The resource with the field.</param>
/// <param name="target">The kind referred to.</param>
/// <param name="path">The path of the field.</param>
/// <param name="candidates">Finds the resources that had a name and may be referred to.</param>
internal sealed class NameReference(Resource referrer, Gvk target, string path, Func<string, IEnumerable<Resource>> candidates)
{
    /// <summary>Updates a name, a list of names, or an object with a name and a namespace.</summary>
    public void Update(RNode node)
    {
        if (node.IsNull)
            return;
        switch (node.Kind)
        {
            case NodeKind.Scalar:
                UpdateScalar(node);
                break;
            case NodeKind.Mapping:
                UpdateMapping(node);
                break;
            default:
                node.Items.ForEach(Update);
                break;
        }
    }

    private void UpdateScalar(RNode node)
    {
        if (Select(node.Value, candidates(node.Value), resource => resource.Name) is { } referral && referral.Name != node.Value)
            node.SetScalar(referral.Name, ScalarTag.None);
    }

    private void UpdateMapping(RNode node)
    {
        if (node.Get("name") is not { } name)
            throw new KustomizeException($"{path} is configured as a reference, but has no field \"name\"");
        var found = candidates(name.Value).ToList();
        if (node.Get("namespace") is { } field)
        {
            var original = found.FindAll(resource => resource.OriginalId.EffectiveNamespace == field.Value);
            found = original.Count > 0 ? original : found.FindAll(resource => resource.CurrentId.EffectiveNamespace == field.Value);
        }
        if (Select(name.Value, found, resource => (resource.Name, resource.Namespace)) is not { } referral || (referral.Name == name.Value && referral.Namespace.Length == 0))
            return;
        name.SetScalar(referral.Name, ScalarTag.None);
        if (referral.Namespace.Length == 0)
            return;
        if (node.Get("namespace") is { Kind: NodeKind.Scalar } @namespace)
            @namespace.SetScalar(referral.Namespace, ScalarTag.None);
        else
            node.Set("namespace", RNode.Scalar(referral.Namespace));
    }

    /// <exception cref="KustomizeException">Several resources may be meant, and they differ.</exception>
    private Resource? Select<TKey>(string name, IEnumerable<Resource> from, Func<Resource, TKey> identity)
    {
        var found = from.Where(IsTarget).Where(IsRoleRef).Where(IsInNamespace).ToList();
        if (found.Count == 1)
            return found[0];
        found = found.FindAll(resource => resource.HasSamePrefixesAndSuffixes(referrer, allowEmpty: true));
        if (found.Count > 1)
            found = found.FindAll(resource => resource.HasSamePrefixesAndSuffixes(referrer, allowEmpty: false));
        if (found.Count <= 1 || found.TrueForAll(resource => Equals(identity(resource), identity(found[0]))))
            return found.FirstOrDefault();
        throw new KustomizeException($"\"{name}\" may mean several resources: {string.Join(", ", found.Select(resource => resource.CurrentId))}");
    }

    private bool IsTarget(Resource resource) => resource.PreviousIds.Any(id => id.Gvk.IsSelected(target));

    private bool IsRoleRef(Resource resource)
    {
        if (!path.EndsWith("roleRef/name", StringComparison.Ordinal) || referrer.Node.Get("roleRef") is not { } roleRef
            || roleRef.Get("apiGroup") is not { } group || roleRef.Get("kind") is not { } kind)
            return true;
        return resource.PreviousIds.Any(id => id.Gvk.IsSelected(new Gvk(group.Value, "", kind.Value)));
    }

    private bool IsInNamespace(Resource resource)
    {
        var id = referrer.CurrentId;
        return id.IsClusterScoped || resource.CurrentId.IsClusterScoped || resource.Kind == "ServiceAccount" || id.IsNamespaceOf(resource.CurrentId);
    }
}
