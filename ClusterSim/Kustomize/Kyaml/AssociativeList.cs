namespace ClusterSim.Kustomize.Kyaml;

/// <summary>
/// Merges lists whose elements have keys, or that are sets of scalars (<c>walkAssociativeSequence</c>). Keys that no element of a list has are left out:
/// ports are told apart by <c>containerPort</c> and <c>protocol</c>, and by the first alone where the patch names no protocol.
/// </summary>
/// <param name="merge">Merges the elements.</param>
/// <param name="schema">The schema of the list.</param>
/// <param name="path">The path of the list, for messages.</param>
internal sealed class AssociativeList(StrategicMerge merge, ResourceSchema schema, string path)
{
    /// <summary>Returns the merged list.</summary>
    public RNode Merge(RNode target, RNode? patch)
    {
        var keys = schema.MergeKeys;
        var values = keys.Count > 0 ? ElementValues(patch, target, keys) : Scalars(patch, target);
        if (keys.Count == 0)
            keys = [""];
        if (keys.Count > 1)
            JoinPartialValues(values);

        var merged = new ElementList();
        IReadOnlyList<string> usedKeys = [];
        var rest = new ElementList(target.Items);
        foreach (var value in values)
        {
            (usedKeys, var usedValues) = WithoutUnusedKeys(values, value, keys);
            var found = merge.Walk(Find(target, rest, usedKeys, usedValues), patch is null ? null : Find(patch, null, usedKeys, usedValues), schema.Elements(), path);
            if (found is null || found.IsNull || found is { Kind: NodeKind.Mapping, Fields.Count: 0 })
            {
                rest.Remove(usedKeys, usedValues);
                continue;
            }
            if (found.Kind == NodeKind.Mapping)
                for (var i = 0; i < usedKeys.Count; i++)
                    if (usedValues[i].Length > 0 && found.Get(usedKeys[i]) is null)
                        found.Set(usedKeys[i], RNode.Scalar(usedValues[i]));
            merged.Set(found, usedKeys, usedValues);
        }
        target.Items.Clear();
        target.Items.AddRange(values.Count == 0 ? rest.Items : Append(merged, rest, usedKeys).Items);
        return target;
    }

    // What the patch did not touch follows; what it did is replaced by the target's own element, which has been merged in place.
    private static ElementList Append(ElementList merged, ElementList rest, IReadOnlyList<string> keys)
    {
        foreach (var element in rest.Items)
        {
            if (keys[0].Length == 0)
            {
                merged.Set(element, keys, [element.Value]);
                continue;
            }
            var values = new List<string>();
            foreach (var key in keys)
            {
                if (element.Get(key) is { } value)
                    values.Add(value.Value);
                else
                    merged.Items.Add(element);
            }
            if (keys.Count > 1)
                merged.Remove(keys, values);
            merged.Set(element, keys, values);
        }
        return merged;
    }

    private static RNode? Find(RNode list, ElementList? rest, IReadOnlyList<string> keys, IReadOnlyList<string> values)
    {
        var items = rest?.Items ?? list.Items;
        if (keys.Count == 0 || keys[0].Length == 0)
            return items.Find(item => item.Kind == NodeKind.Scalar && item.Value == values[0]);
        var (usedKeys, usedValues) = WithoutUnusedKeys([values], values, keys);
        return items.Find(item => item.Kind == NodeKind.Mapping && Enumerable.Range(0, usedKeys.Count).All(i => item.Get(usedKeys[i]) is { } field && field.Value == usedValues[i]));
    }

    private static List<IReadOnlyList<string>> ElementValues(RNode? patch, RNode target, IReadOnlyList<string> keys)
    {
        var found = new List<IReadOnlyList<string>>();
        foreach (var item in (patch?.Items ?? []).Concat(target.Items))
        {
            var values = keys.Select(key => item.Get(key) is { IsEmpty: false } field ? field.Value : "").ToList();
            if (!found.Exists(known => known.SequenceEqual(values)))
                found.Add(values);
        }
        return found;
    }

    private static List<IReadOnlyList<string>> Scalars(RNode? patch, RNode target) =>
        [.. (patch?.Items ?? []).Concat(target.Items).Select(item => item.Value).Distinct(StringComparer.Ordinal).Select(value => (IReadOnlyList<string>)[value])];

    /// <summary>Joins values that agree in one key and where the others are known on one side only.</summary>
    private static void JoinPartialValues(List<IReadOnlyList<string>> all)
    {
        for (var i = 0; i < all.Count; i++)
        {
            var first = all[i];
            for (var j = 0; j < all.Count; j++)
                if (Join(first, all[j]) is { } joined)
                    all[i] = all[j] = joined;
        }
    }

    private static List<string>? Join(IReadOnlyList<string> first, IReadOnlyList<string> second)
    {
        var agrees = false;
        var joined = new List<string>();
        for (var i = 0; i < first.Count; i++)
        {
            agrees |= first[i] == second[i];
            if (first[i] != second[i] && first[i].Length > 0 && second[i].Length > 0)
                return null;
            joined.Add(first[i].Length > 0 ? first[i] : second[i]);
        }
        return agrees ? joined : null;
    }

    private static (IReadOnlyList<string> Keys, IReadOnlyList<string> Values) WithoutUnusedKeys(
        IReadOnlyList<IReadOnlyList<string>> all, IReadOnlyList<string> values, IReadOnlyList<string> keys)
    {
        var used = Enumerable.Range(0, keys.Count).Where(i => all.Any(some => some[i].Length > 0)).ToList();
        return used.Count == 0 ? (keys, values) : ([.. used.Select(i => keys[i])], [.. used.Select(i => values[i])]);
    }
}
