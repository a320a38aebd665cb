using ClusterSim.Kustomize.Kyaml;

namespace ClusterSim.Kustomize.Resources;

/// <summary>Makes resources from YAML (<c>resource.Factory</c>).</summary>
internal sealed class ResourceFactory(OpenApiSchema openApi)
{
    public OpenApiSchema Schemas { get; } = openApi;

    public Resource Create(RNode node, string source) => new(node, source, Schemas);

    /// <summary>Reads resources. Lists (<c>kind: List</c>, <c>ConfigMapList</c>) are taken apart; their elements come after the other documents.</summary>
    /// <exception cref="KustomizeException">The text is malformed, or an object has no kind or name.</exception>
    public IReadOnlyList<Resource> Read(ReadOnlySpan<byte> utf8, string source)
    {
        var pending = new Queue<(RNode Node, string Place)>();
        foreach (var (node, line) in YamlReader.Read(utf8, source))
            pending.Enqueue((node, $"{source}:{line}"));
        var resources = new List<Resource>();
        while (pending.TryDequeue(out var next))
        {
            if (next.Node.IsEmpty)
                continue;
            Require(next.Node, next.Place);
            if (!next.Node.Text("kind").EndsWith("List", StringComparison.Ordinal) || next.Node.Get("items") is not { } items)
                resources.Add(Create(next.Node, next.Place));
            else if (items.Kind == NodeKind.Sequence)
                items.Items.ForEach(item => pending.Enqueue((item, next.Place)));
            else if (!items.IsNull)
                throw new KustomizeException($"{next.Place}: items: a list is expected, found {items.Describe()}");
        }
        return resources;
    }

    private static void Require(RNode node, string place)
    {
        if (node.Kind != NodeKind.Mapping)
            throw new KustomizeException($"{place}: an object is expected, found {node.Describe()}");
        var kind = node.Text("kind");
        if (kind.Length == 0)
            throw new KustomizeException($"{place}: kind is missing");
        if (!kind.EndsWith("List", StringComparison.Ordinal) && (node.Get("metadata")?.Text("name") ?? "").Length == 0)
            throw new KustomizeException($"{place}: {kind}: metadata.name is missing");
        if (NullElement(node) is { } path)
            throw new KustomizeException($"{place}: {kind}: {path} has an empty element");
    }

    private static string? NullElement(RNode node)
    {
        foreach (var (key, value) in node.Fields)
        {
            if (value.Kind == NodeKind.Sequence && value.Items.Exists(item => item.IsNull))
                return key;
            if (NullElement(value) is { } below)
                return $"{key}.{below}";
        }
        return node.Items.Select(NullElement).FirstOrDefault(below => below is not null);
    }
}
