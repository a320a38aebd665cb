namespace ClusterSim.Kustomize.Kyaml;

/// <summary>Elements of a list, replaced and removed by their keys (<c>ElementSetter</c>).</summary>
internal sealed class ElementList
{
    public ElementList()
    {
    }

    public ElementList(IEnumerable<RNode> items) => Items = [.. items];

    public List<RNode> Items { get; private set; } = [];

    /// <summary>Replaces the elements with these keys; adds the element at the end where there are none.</summary>
    public void Set(RNode element, IReadOnlyList<string> keys, IReadOnlyList<string> values)
    {
        if (!Replace(element, keys, values))
            Items.Add(element);
    }

    /// <summary>Removes the elements with these keys.</summary>
    public void Remove(IReadOnlyList<string> keys, IReadOnlyList<string> values) => Replace(null, keys, values);

    private bool Replace(RNode? element, IReadOnlyList<string> keys, IReadOnlyList<string> values)
    {
        var isFound = false;
        var kept = new List<RNode>();
        foreach (var item in Items)
        {
            if (item.IsNull || item is { Kind: NodeKind.Mapping, Fields.Count: 0 })
                continue;
            if (!Matches(item, keys, values))
            {
                if (values.Count > 0)
                    kept.Add(item);
                continue;
            }
            isFound = true;
            if (element is not null)
                kept.Add(element);
        }
        Items = kept;
        return isFound;
    }

    // A key without a value is not compared, and an empty value matches whatever the field has.
    private static bool Matches(RNode item, IReadOnlyList<string> keys, IReadOnlyList<string> values)
    {
        if (keys[0].Length == 0)
            return item.Kind == NodeKind.Scalar && item.Value == values[0];
        if (item.Kind != NodeKind.Mapping)
            return values.Count == 0 || values[0].Length == 0;
        for (var i = 0; i < Math.Min(keys.Count, values.Count); i++)
            if (item.Get(keys[i]) is not { } field || (values[i].Length > 0 && field.Value != values[i]))
                return false;
        return keys.Count > 0;
    }
}
