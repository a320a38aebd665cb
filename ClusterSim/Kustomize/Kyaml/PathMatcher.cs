using System.Text.RegularExpressions;

namespace ClusterSim.Kustomize.Kyaml;

/// <summary>Finds all nodes of a path that may have <c>*</c> and <c>[field=pattern]</c> in it, and creates what is missing (<c>PathMatcher</c>).</summary>
/// <param name="create">The kind of node to create at the end of the path; null to create nothing.</param>
internal sealed class PathMatcher(NodeKind? create)
{
    /// <summary>Returns the nodes.</summary>
    /// <exception cref="KustomizeException">A part selects in a node of another kind, or an index is beyond the end.</exception>
    public IReadOnlyList<RNode> Match(RNode node, IReadOnlyList<string> path)
    {
        var found = new List<RNode>();
        Match(node, path, 0, found);
        return found;
    }

    private void Match(RNode node, IReadOnlyList<string> path, int at, List<RNode> found)
    {
        if (at == path.Count)
            found.Add(node);
        else if (PathPart.IsIndex(path[at], out var index))
            MatchIndex(node, path, at, index, found);
        else if (PathPart.IsListIndex(path[at]))
            MatchElements(node, path, at, found);
        else if (path[at] == "*")
            foreach (var item in Sequence(node, path[at]).Items)
                Match(item, path, at + 1, found);
        else
            MatchField(node, path, at, found);
    }

    private void MatchField(RNode node, IReadOnlyList<string> path, int at, List<RNode> found)
    {
        if (node.IsNull)
            return;
        if (node.Kind != NodeKind.Mapping && !(node.Kind == NodeKind.Scalar && node.Tag == ScalarTag.None && node.Value.Length == 0))
            throw new KustomizeException($"\"{path[at]}\" is a field of a mapping, found {node.Describe()}");
        var field = node.Get(path[at]);
        if (field is null)
        {
            if (create is not { } last)
                return;
            node.Set(path[at], field = RNode.Of(PathPart.KindBefore(at + 1 < path.Count ? path[at + 1] : null, last)));
        }
        Match(field, path, at + 1, found);
    }

    private void MatchIndex(RNode node, IReadOnlyList<string> path, int at, int index, List<RNode> found)
    {
        var items = Sequence(node, path[at]).Items;
        if (items.Count == index && create is { } last)
            items.Add(RNode.Of(PathPart.KindBefore(at + 1 < path.Count ? path[at + 1] : null, last)));
        if (index >= items.Count)
            throw new KustomizeException($"index {index} is beyond the end: {items.Count} elements found");
        Match(items[index], path, at + 1, found);
    }

    private void MatchElements(RNode node, IReadOnlyList<string> path, int at, List<RNode> found)
    {
        var (field, pattern) = PathPart.SplitNameValue(path[at]);
        var items = Sequence(node, path[at]).Items;
        var before = found.Count;
        Elements();
        if (found.Count > before || create is null)
            return;
        var element = RNode.Scalar(pattern);
        if (field.Length > 0)
        {
            var map = RNode.Mapping();
            map.Set(field, element);
            element = map;
        }
        items.Add(element);
        Elements();

        void Elements()
        {
            foreach (var item in items)
            {
                var compared = field.Length == 0 ? item : item.Get(field);
                if (compared is not { Kind: NodeKind.Scalar } || !Regex.IsMatch(compared.Value, pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant))
                    continue;
                if (field.Length == 0)
                    found.Add(item);
                else
                    Match(item, path, at + 1, found);
            }
        }
    }

    private static RNode Sequence(RNode node, string part) => node.Kind == NodeKind.Sequence
        ? node
        : throw new KustomizeException($"\"{part}\" selects in a sequence, found {node.Describe()}");
}
