namespace ClusterSim.Kustomize.Kyaml;

/// <summary>
/// Merges a patch into a node, with upstream's order and oddities (kyaml's <c>merge2</c> and <c>walk</c>): elements that the patch names come first, a
/// list without a schema is replaced, null removes.
/// </summary>
/// <param name="openApi">The schemas of the kinds.</param>
internal sealed class StrategicMerge(OpenApiSchema openApi)
{
    /// <summary>Returns the merged node, which may be the given one, changed; null where the patch deletes it.</summary>
    /// <exception cref="KustomizeException">The patch has a node of another kind; the message names its path.</exception>
    public RNode? Merge(RNode target, RNode patch) => Walk(target, patch, schema: null, path: "");

    /// <summary>Merges two nodes, of which one may be missing.</summary>
    internal RNode? Walk(RNode? target, RNode? patch, ResourceSchema? schema, string path)
    {
        schema ??= SchemaOf(target) ?? SchemaOf(patch);
        var kind = !RNode.IsMissingOrNull(target) ? target!.Kind : !RNode.IsMissingOrNull(patch) ? patch!.Kind : NodeKind.Mapping;
        foreach (var node in (RNode?[])[target, patch])
            if (!RNode.IsMissingOrNull(node) && node!.Kind != kind)
                throw new KustomizeException($"{(path.Length == 0 ? "." : path)}: {Name(kind)} is expected, found {node.Describe()}");
        return kind switch
        {
            NodeKind.Mapping => WalkMap(target, patch, schema, path),
            NodeKind.Sequence when schema is { Merges: true } => WalkList(target, patch, schema, path),
            _ => patch ?? target,
        };
    }

    private RNode? WalkMap(RNode? target, RNode? patch, ResourceSchema? schema, string path)
    {
        var result = VisitMap(target, patch);
        if (result is null || result.Kind != NodeKind.Mapping)
            return result;
        var names = result.Fields.Select(field => field.Key).Concat(patch?.Fields.Select(field => field.Key) ?? []).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        foreach (var name in names)
        {
            var merged = Walk(result.Get(name), patch?.Get(name), schema?.Field(name), path.Length == 0 ? name : $"{path}.{name}");
            if (merged is null || (merged.IsNull && !IsKept(result.Get(name), patch?.Get(name))))
                result.Clear(name);
            else
                result.Set(name, merged);
        }
        return result;
    }

    // A null that the target has written out stays where the patch does not mention it; one without text does not.
    private static bool IsKept(RNode? target, RNode? patch) => patch is null && target is { IsNull: true, Value.Length: > 0 };

    private static RNode? VisitMap(RNode? target, RNode? patch)
    {
        if (RNode.IsMissingOrNull(target))
        {
            var directive = patch is null || patch.IsNull ? PatchDirective.Merge : PatchDirectives.Take(patch);
            return directive == PatchDirective.Delete ? null : patch ?? target;
        }
        if (patch is { IsNull: true })
            return null;
        return PatchDirectives.Take(patch) switch
        {
            PatchDirective.Delete => null,
            PatchDirective.Replace => patch,
            _ => target,
        };
    }

    private RNode? WalkList(RNode? target, RNode? patch, ResourceSchema schema, string path)
    {
        RNode? result;
        if (RNode.IsMissingOrNull(target))
            result = patch;
        else if (patch is { IsNull: true })
            return null;
        else
            result = PatchDirectives.Take(patch) switch
            {
                PatchDirective.Delete => null,
                PatchDirective.Replace => patch,
                _ => target,
            };
        return result is null ? null : new AssociativeList(this, schema, path).Merge(result, RNode.IsMissingOrNull(patch) ? null : patch);
    }

    private ResourceSchema? SchemaOf(RNode? node) =>
        node?.Kind == NodeKind.Mapping && node.Text("kind") is { Length: > 0 } kind && node.Text("apiVersion") is { Length: > 0 } apiVersion ? openApi.Find(apiVersion, kind) : null;

    private static string Name(NodeKind kind) => kind switch
    {
        NodeKind.Mapping => "a mapping",
        NodeKind.Sequence => "a sequence",
        _ => "a scalar",
    };
}
