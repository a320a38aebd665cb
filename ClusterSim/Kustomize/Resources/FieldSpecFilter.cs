using ClusterSim.Kustomize.Kyaml;

namespace ClusterSim.Kustomize.Resources;

/// <summary>Visits the nodes of an object that a field specification leads to (<c>filters/fieldspec</c>).</summary>
/// <param name="createKind">The kind of node to create where the specification says so; null to create nothing.</param>
/// <param name="createTag">The type of a scalar that is created.</param>
internal sealed class FieldSpecFilter(NodeKind? createKind = null, ScalarTag createTag = ScalarTag.None)
{
    /// <summary>Calls an action with each node of the field; does nothing where the object is of another kind.</summary>
    /// <exception cref="KustomizeException">The path enters a scalar; the message names the object and the path.</exception>
    public void Visit(Resource resource, FieldSpec spec, Action<RNode> set)
    {
        if (!resource.Gvk.IsSelected(spec.Gvk))
            return;
        try
        {
            Visit(resource.Node, PathSplitter.Split(spec.Path, '/'), 0, spec.Create, set);
        }
        catch (KustomizeException ex)
        {
            throw ex.At($"{resource.Source}: {resource.CurrentId}: field {spec.Path}");
        }
    }

    public void VisitAll(Resource resource, IEnumerable<FieldSpec> specs, Action<RNode> set)
    {
        foreach (var spec in specs)
            Visit(resource, spec, set);
    }

    private void Visit(RNode node, IReadOnlyList<string> path, int at, bool create, Action<RNode> set)
    {
        if (at == path.Count)
        {
            set(node);
            return;
        }
        if (node.IsNull)
            return;
        switch (node.Kind)
        {
            case NodeKind.Sequence:
                foreach (var item in node.Items)
                    Visit(item, path, at, create, set);
                break;
            case NodeKind.Mapping:
                VisitField(node, path, at, create, set);
                break;
            default:
                throw new KustomizeException($"a mapping or sequence is expected, found {node.Describe()}");
        }
    }

    private void VisitField(RNode node, IReadOnlyList<string> path, int at, bool create, Action<RNode> set)
    {
        var isSequence = path[at].EndsWith("[]", StringComparison.Ordinal);
        var name = isSequence ? path[at][..^2] : path[at];
        if (name.Length == 0)
            throw new KustomizeException("a path has no empty parts");
        var isLast = at == path.Count - 1;
        NodeKind? kind = isSequence || !create || createKind is null ? null : isLast ? createKind : NodeKind.Mapping;
        var field = node.Get(name);
        if (kind is { } made && RNode.IsMissingOrNull(field))
        {
            field = RNode.Of(made);
            field.Tag = isLast ? createTag : ScalarTag.None;
            node.Set(name, field);
        }
        if (field is not null)
            Visit(field, path, at + 1, create, set);
    }
}
