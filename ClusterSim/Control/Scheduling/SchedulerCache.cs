using ClusterSim.Scheduling.Framework;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling;

/// <summary>
/// The nodes and the pods on them as the scheduler sees them: what the informers reported, and the pods it has assigned and not yet seen bound
/// (<c>pkg/scheduler/backend/cache</c>). Callers hold <see cref="Lock"/>.
/// </summary>
internal sealed class SchedulerCache : INodeInfoLister
{
    private readonly Dictionary<string, NodeInfo> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<ObjectKey, string> _nodeNames = [];
    private readonly Dictionary<(string Namespace, string Labels), LabelGroup> _groups = [];
    private List<NodeInfo>? _known;
    private int _podsWithAffinity;

    /// <summary>Guards the cache and the nominations, so that a pod is placed in the state it was filtered in.</summary>
    public Lock Lock { get; } = new();

    /// <inheritdoc/>
    public IReadOnlyList<NodeInfo> Nodes => _known ??= [.. _nodes.Values.Where(node => node.IsKnown).OrderBy(node => node.Name, StringComparer.Ordinal)];

    /// <inheritdoc/>
    public bool HavePodsWithAffinity => _podsWithAffinity > 0;

    /// <inheritdoc/>
    public NodeInfo? Find(string name) => _nodes.TryGetValue(name, out var node) && node.IsKnown ? node : null;

    /// <summary>Updates a node; null if it was deleted. Returns whether anything that matters to scheduling changed.</summary>
    public bool SetNode(string name, Document? document)
    {
        var node = GetOrAdd(name);
        var known = node.IsKnown;
        var changed = node.SetNode(document);
        if (known != node.IsKnown)
            _known = null;
        if (!node.IsKnown && node.Pods.Count == 0)
            _nodes.Remove(name);
        return changed;
    }

    /// <summary>Parses a pod.</summary>
    public PodInfo Parse(Document pod) => new(pod, GroupOf(pod));

    /// <summary>Adds a pod to the node that it is bound to or assumed to be on (<c>AddPod</c>, <c>AssumePod</c>).</summary>
    public void AddPod(PodInfo pod, string node)
    {
        RemovePod(pod.Pod.Key);
        GetOrAdd(node).AddPod(pod);
        _nodeNames[pod.Pod.Key] = node;
        if (pod.HasAffinity)
            _podsWithAffinity++;
    }

    /// <summary>Removes a pod from its node; returns false if it was on none.</summary>
    public bool RemovePod(ObjectKey key)
    {
        if (!_nodeNames.Remove(key, out var name))
            return false;
        var node = _nodes[name];
        if (node.RemovePod(key) is { HasAffinity: true })
            _podsWithAffinity--;
        if (!node.IsKnown && node.Pods.Count == 0)
            _nodes.Remove(name);
        return true;
    }

    /// <summary>Returns the node that a pod is bound to or assumed to be on, or null.</summary>
    public string? NodeNameOf(ObjectKey key) => _nodeNames.GetValueOrDefault(key);

    private NodeInfo GetOrAdd(string name)
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
