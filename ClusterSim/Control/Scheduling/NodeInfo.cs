using System.Collections.Immutable;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling;

/// <summary>A node and what is on it, assumed pods included (<c>framework.NodeInfo</c>).</summary>
internal sealed class NodeInfo
{
    private readonly Dictionary<ObjectKey, PodInfo> _pods = [];
    private readonly Dictionary<LabelGroup, int> _groups = [];
    private readonly Dictionary<string, int> _siblings = new(StringComparer.Ordinal);
    private readonly List<HostPort> _ports = [];

    /// <summary>A node nobody has told of yet: pods may be known before their node.</summary>
    public NodeInfo(string name) => Name = name;

    public string Name { get; }
    public bool IsKnown { get; private set; }
    public IReadOnlyDictionary<string, string> Labels { get; private set; } = ImmutableDictionary<string, string>.Empty;
    public ImmutableArray<Taint> Taints { get; private set; } = [];
    public bool IsUnschedulable { get; private set; }
    public ResourceAmounts Allocatable { get; private set; } = ResourceAmounts.Zero;
    public long PodsMax { get; private set; }
    public ResourceAmounts Requested { get; private set; } = ResourceAmounts.Zero;
    public long ScoredMilliCpu { get; private set; }
    public long ScoredMemory { get; private set; }
    public IReadOnlyDictionary<string, long> Images { get; private set; } = ImmutableDictionary<string, long>.Empty;
    public IReadOnlyCollection<PodInfo> Pods => _pods.Values;
    public IReadOnlyDictionary<LabelGroup, int> Groups => _groups;
    public IReadOnlyList<HostPort> Ports => _ports;

    /// <summary>How many of its pods have (anti-)affinity terms of their own.</summary>
    public int WithTerms { get; private set; }

    /// <summary>How many pods of one controller are on it.</summary>
    public int Siblings(string controllerUid) => _siblings.GetValueOrDefault(controllerUid);

    /// <summary>Takes the node as it is; null for gone. Returns whether anything the scheduler looks at changed.</summary>
    public bool Set(Document? node)
    {
        if (node is null)
        {
            IsKnown = false;
            return true;
        }
        var taints = Taint.Of(node.Spec.At("taints"));
        var unschedulable = node.Spec.At("unschedulable").Flag(false);
        var allocatable = ResourceAmounts.Of(node.Status.At("allocatable"));
        var pods = node.Status.At("allocatable", "pods").Text() is { } text && Quantity.TryParse(text, out var quantity, out _) ? quantity.Value : 0;
        var changed = !IsKnown || unschedulable != IsUnschedulable || pods != PodsMax
            || !taints.SequenceEqual(Taints)
            || allocatable.MilliCpu != Allocatable.MilliCpu || allocatable.Memory != Allocatable.Memory || allocatable.EphemeralStorage != Allocatable.EphemeralStorage
            || !allocatable.Others.SequenceEqual(Allocatable.Others)
            || node.Labels.Count != Labels.Count || node.Labels.Any(label => Labels.GetValueOrDefault(label.Key) != label.Value);
        (IsKnown, Labels, Taints, IsUnschedulable, Allocatable, PodsMax) = (true, node.Labels, taints, unschedulable, allocatable, pods);
        var images = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var image in node.Status.At("images").Items())
            foreach (var name in image.At("names").Items())
                images[name.Text("")] = image.At("sizeBytes").Integer() ?? 0;
        Images = images;
        return changed;
    }

    /// <summary>Adds a pod.</summary>
    public void Add(PodInfo pod)
    {
        Remove(pod.Pod.Key);
        _pods[pod.Pod.Key] = pod;
        Requested += pod.Requests;
        ScoredMilliCpu += pod.Scored.MilliCpu;
        ScoredMemory += pod.Scored.Memory;
        _ports.AddRange(pod.HostPorts);
        if (pod.HasTerms)
            WithTerms++;
        if (pod.Pod.IsDeleting)
            return;
        _groups[pod.Group] = _groups.GetValueOrDefault(pod.Group) + 1;
        if (pod.Pod.ControllerUid is { } controller)
            _siblings[controller] = _siblings.GetValueOrDefault(controller) + 1;
    }

    /// <summary>Removes a pod; returns it, or null where it was not here.</summary>
    public PodInfo? Remove(ObjectKey key)
    {
        if (!_pods.Remove(key, out var pod))
            return null;
        Requested -= pod.Requests;
        ScoredMilliCpu -= pod.Scored.MilliCpu;
        ScoredMemory -= pod.Scored.Memory;
        foreach (var port in pod.HostPorts)
            _ports.Remove(port);
        if (pod.HasTerms)
            WithTerms--;
        if (pod.Pod.IsDeleting)
            return pod;
        Decrease(_groups, pod.Group);
        if (pod.Pod.ControllerUid is { } controller)
            Decrease(_siblings, controller);
        return pod;
    }

    /// <summary>A copy to try things on.</summary>
    public NodeInfo Copy()
    {
        var copy = new NodeInfo(Name)
        {
            IsKnown = IsKnown,
            Labels = Labels,
            Taints = Taints,
            IsUnschedulable = IsUnschedulable,
            Allocatable = Allocatable,
            PodsMax = PodsMax,
            Images = Images,
        };
        foreach (var pod in _pods.Values)
            copy.Add(pod);
        return copy;
    }

    private static void Decrease<TKey>(Dictionary<TKey, int> counts, TKey key)
        where TKey : notnull
    {
        if (--counts[key] == 0)
            counts.Remove(key);
    }
}
