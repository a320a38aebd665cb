namespace ClusterSim.Kustomize.Kyaml;

/// <summary>Finds the one node of a path (<c>PathGetter</c>).</summary>
internal static class PathGetter
{
    /// <summary>Returns the node; null where a part is missing.</summary>
    /// <exception cref="KustomizeException">A part selects in a node of another kind.</exception>
    public static RNode? Lookup(RNode node, IReadOnlyList<string> path)
    {
        RNode? at = node;
        foreach (var part in path.Select(part => part.Trim()).Where(part => part.Length > 0))
        {
            if (RNode.IsMissingOrNull(at))
                return null;
            at = Step(at!, part);
        }
        return at;
    }

    /// <summary>Returns the scalar at a path of fields, which are created where they are missing.</summary>
    public static RNode LookupCreateScalar(RNode node, IReadOnlyList<string> path)
    {
        for (var i = 0; i < path.Count; i++)
        {
            if (node.Kind != NodeKind.Mapping && Step(node, path[i]) is { } element)
            {
                node = element;
                continue;
            }
            var next = node.Get(path[i]);
            if (next is null)
                node.Set(path[i], next = RNode.Of(i == path.Count - 1 ? NodeKind.Scalar : NodeKind.Mapping));
            node = next;
        }
        return node;
    }

    private static RNode? Step(RNode node, string part)
    {
        if (part == "*")
            throw new KustomizeException("\"*\" is not supported here: name one element");
        if (part == "-" || PathPart.IsIndex(part, out _))
        {
            if (node.Kind != NodeKind.Sequence)
                throw new KustomizeException($"\"{part}\" selects in a sequence, found {node.Describe()}");
            return part == "-" ? node.Items.LastOrDefault() : PathPart.IsIndex(part, out var index) && index < node.Items.Count ? node.Items[index] : null;
        }
        if (!PathPart.IsListIndex(part))
            return node.Kind == NodeKind.Mapping ? node.Get(part) : throw new KustomizeException($"\"{part}\" is a field of a mapping, found {node.Describe()}");
        var (field, value) = PathPart.SplitNameValue(part);
        if (node.Kind != NodeKind.Sequence)
            throw new KustomizeException($"\"{part}\" selects in a sequence, found {node.Describe()}");
        return node.Items.Find(item => field.Length == 0 ? item.Kind == NodeKind.Scalar && item.Value == value : item.Get(field) is { Kind: NodeKind.Scalar } found && found.Value == value);
    }
}
