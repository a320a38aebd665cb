using ClusterSim.Kustomize.Kyaml;

namespace ClusterSim.Kustomize.Resources;

/// <summary>The resources of a kustomization, in order; no two have the same identity.</summary>
internal sealed class ResMap
{
    private readonly List<Resource> _resources = [];

    public ResMap()
    {
    }

    public ResMap(IEnumerable<Resource> resources) => _resources.AddRange(resources);

    public IReadOnlyList<Resource> Resources => _resources;

    /// <exception cref="KustomizeException">A resource with this identity exists.</exception>
    public void Append(Resource resource)
    {
        var id = resource.CurrentId;
        if (_resources.Find(other => other.CurrentId.Matches(id)) is { } other)
            throw new KustomizeException($"{id} comes twice: {other.Source} and {resource.Source}");
        _resources.Add(resource);
    }

    public void AppendAll(IEnumerable<Resource> resources)
    {
        _resources.AddRange(resources);
        RequireDistinct();
    }

    /// <summary>Adds a generated object, or merges it into the one it names, or replaces that.</summary>
    /// <exception cref="KustomizeException">The object exists and is to be created, or does not exist and is to be merged or replaced.</exception>
    public void Absorb(Resource generated)
    {
        var id = generated.CurrentId;
        var found = WithAnyId(id.Matches);
        var changes = generated.Behavior is GeneratorBehavior.Merge or GeneratorBehavior.Replace;
        if (found.Count > 1)
            throw new KustomizeException($"{generated.Source}: {found.Count} objects are or were {id}: {string.Join(", ", found.Select(one => one.CurrentId))}");
        if (found.Count == 0 && changes)
            throw new KustomizeException($"{generated.Source}: behavior: {id} does not exist, so that nothing can be merged or replaced");
        if (found.Count == 0)
        {
            Append(generated);
            return;
        }
        if (!changes)
            throw new KustomizeException($"{generated.Source}: {id} exists already ({found[0].Source}); behavior must be merge or replace");
        var isMerge = generated.Behavior == GeneratorBehavior.Merge;
        generated.CopyMetadataFrom(found[0]);
        if (isMerge)
        {
            DataMap.Merge(generated.Node, found[0].Node);
            generated.Origin = found[0].Origin ?? generated.Origin;
        }
        _resources[_resources.IndexOf(found[0])] = generated;
    }

    public IReadOnlyList<Resource> WithCurrentId(Func<ResId, bool> matches) => _resources.FindAll(resource => matches(resource.CurrentId));

    /// <summary>The resources that have or had an identity.</summary>
    public IReadOnlyList<Resource> WithAnyId(Func<ResId, bool> matches) =>
        _resources.FindAll(resource => resource.PreviousIds.Append(resource.CurrentId).Any(matches));

    /// <summary>The resources that a target selects.</summary>
    public IReadOnlyList<Resource> Select(Selector selector) => _resources.FindAll(selector.Selects);

    /// <summary>The resources that another may refer to: those of its namespace, those without one, and the accounts that a RoleBinding names.</summary>
    public IReadOnlyList<Resource> ReferableBy(Resource referrer)
    {
        var id = referrer.CurrentId;
        if (id.IsClusterScoped)
            return _resources;
        var namespaces = referrer.Kind == "RoleBinding" ? SubjectNamespaces(referrer) : [];
        return _resources.FindAll(resource => resource.CurrentId.IsClusterScoped || resource.CurrentId.IsNamespaceOf(id) || namespaces.Contains(resource.Namespace));
    }

    public void RemoveDeleted() => _resources.RemoveAll(resource => resource.IsDeleted);

    public void RemoveAll(Predicate<Resource> match) => _resources.RemoveAll(match);

    /// <summary>Puts the resources into another order.</summary>
    public void Reorder(IEnumerable<Resource> ordered)
    {
        var all = ordered.ToList();
        _resources.Clear();
        _resources.AddRange(all);
    }

    /// <summary>Fails where two resources have the same identity.</summary>
    public void RequireDistinct()
    {
        var known = new Dictionary<(Gvk, string, string), Resource>();
        foreach (var resource in _resources)
        {
            var id = resource.CurrentId;
            if (!known.TryAdd((id.Gvk, id.Name, id.EffectiveNamespace), resource))
                throw new KustomizeException($"{id} comes twice: {known[(id.Gvk, id.Name, id.EffectiveNamespace)].Source} and {resource.Source}");
        }
    }

    private static HashSet<string> SubjectNamespaces(Resource binding) =>
        [.. (binding.Node.Get("subjects")?.Items ?? []).Where(subject => subject.Text("kind") == "ServiceAccount" && subject.Get("namespace") is not null).Select(subject => subject.Text("namespace"))];
}
