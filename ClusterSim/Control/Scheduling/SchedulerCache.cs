using ClusterSim.Storage;

namespace ClusterSim.Scheduling;

/// <summary>
/// The nodes and the pods on them as the scheduler believes them to be: what the informers told, and what it has decided itself and not yet
/// heard back. Not for several threads at once.
/// </summary>
internal sealed class SchedulerCache
{
    private readonly Dictionary<string, NodeInfo> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<ObjectKey, string> _whereabouts = [];
    private readonly Dictionary<(string Namespace, string Labels), LabelGroup> _groups = [];
    private List<NodeInfo>? _known;

    /// <summary>The nodes that exist, in order of their names.</summary>
    public IReadOnlyList<NodeInfo> Nodes => _known ??= [.. _nodes.Values.Where(node => node.IsKnown).OrderBy(node => node.Name, StringComparer.Ordinal)];

    /// <summary>Pods with (anti-)affinity terms on any node.</summary>
    public int WithTerms { get; private set; }

    /// <summary>The node of that name; null where it does not exist.</summary>
    public NodeInfo? Find(string name) => _nodes.TryGetValue(name, out var node) && node.IsKnown ? node : null;

    /// <summary>Takes a node as it is, or null for gone; returns whether anything the scheduler looks at changed.</summary>
    public bool SetNode(string name, Document? document)
    {
        var node = NodeOf(name);
        var known = node.IsKnown;
        var changed = node.Set(document);
        if (known != node.IsKnown)
            _known = null;
        if (!node.IsKnown && node.Pods.Count == 0)
            _nodes.Remove(name);
        return changed;
    }

    /// <summary>Reads a pod.</summary>
    public PodInfo Read(Document pod) => new(pod, GroupOf(pod));

    /// <summary>Puts a pod on a node, where it is bound or assumed to be.</summary>
    public void Place(PodInfo pod, string node)
    {
        Remove(pod.Pod.Key);
        NodeOf(node).Add(pod);
        _whereabouts[pod.Pod.Key] = node;
        if (pod.HasTerms)
            WithTerms++;
    }

    /// <summary>Takes a pod off its node; false where it was on none.</summary>
    public bool Remove(ObjectKey key)
    {
        if (!_whereabouts.Remove(key, out var where))
            return false;
        var node = _nodes[where];
        if (node.Remove(key) is { HasTerms: true })
            WithTerms--;
        if (!node.IsKnown && node.Pods.Count == 0)
            _nodes.Remove(where);
        return true;
    }

    /// <summary>Where a pod is; null for nowhere.</summary>
    public string? WhereIs(ObjectKey key) => _whereabouts.GetValueOrDefault(key);

    private NodeInfo NodeOf(string name)
    {
        if (!_nodes.TryGetValue(name, out var node))
            _nodes[name] = node = new NodeInfo(name);
        return node;
    }

    private LabelGroup GroupOf(Document pod)
    {
        var labels = string.Join('\n', pod.Labels.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => $"{label.Key}={label.Value}"));
        var key = (pod.Namespace ?? "", labels);
        if (!_groups.TryGetValue(key, out var group))
            _groups[key] = group = new LabelGroup(pod.Namespace ?? "", pod.Labels);
        return group;
    }
}
