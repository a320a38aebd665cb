using System.Collections.Immutable;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling.Framework;

/// <summary>A node with the pods on it, assumed pods included (<c>framework.NodeInfo</c>).</summary>
internal sealed class NodeInfo
{
    private readonly Dictionary<ObjectKey, PodInfo> _pods = [];
    private readonly Dictionary<LabelGroup, int> _groups = [];
    private readonly Dictionary<string, int> _podsByController = new(StringComparer.Ordinal);
    private readonly List<HostPort> _usedPorts = [];
    private List<PodInfo>? _podsWithAffinity;

    /// <summary>A node whose object is not known yet: its pods may arrive before it.</summary>
    public NodeInfo(string name) => Name = name;

    /// <summary>The node's name.</summary>
    public string Name { get; }

    /// <summary>Whether the node exists.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>The labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; private set; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The taints.</summary>
    public ImmutableArray<Taint> Taints { get; private set; } = [];

    /// <summary><c>spec.unschedulable</c>.</summary>
    public bool IsUnschedulable { get; private set; }

    /// <summary>The resources that pods can request.</summary>
    public Resource Allocatable { get; private set; } = Resource.Zero;

    /// <summary>The number of pods that the node can run.</summary>
    public long AllowedPodNumber { get; private set; }

    /// <summary>The sum of the pods' requests.</summary>
    public Resource Requested { get; private set; } = Resource.Zero;

    /// <summary>The sum of the pods' requests as scores compare them.</summary>
    public (long MilliCpu, long Memory) NonZeroRequested { get; private set; }

    /// <summary>The sizes of the images on the node, by name.</summary>
    public IReadOnlyDictionary<string, long> ImageSizes { get; private set; } = ImmutableDictionary<string, long>.Empty;

    /// <summary>The pods on the node.</summary>
    public IReadOnlyCollection<PodInfo> Pods => _pods.Values;

    /// <summary>The pods with affinity or anti-affinity terms.</summary>
    public IReadOnlyList<PodInfo> PodsWithAffinity => _podsWithAffinity ?? (IReadOnlyList<PodInfo>)[];

    /// <summary>The number of pods that are not being deleted, by namespace and labels.</summary>
    public IReadOnlyDictionary<LabelGroup, int> Groups => _groups;

    /// <summary>The host ports in use.</summary>
    public IReadOnlyList<HostPort> UsedPorts => _usedPorts;

    /// <summary>Returns the number of the controller's pods on the node.</summary>
    public int PodsOf(string controllerUid) => _podsByController.GetValueOrDefault(controllerUid);

    /// <summary>Updates the node; null if it was deleted. Returns whether anything that matters to scheduling changed.</summary>
    public bool SetNode(Document? node)
    {
        if (node is null)
        {
            IsKnown = false;
            return true;
        }
        var taints = Taint.Of(node.Spec.At("taints"));
        var unschedulable = node.Spec.At("unschedulable").Flag(false);
        var allocatable = Resource.Of(node.Status.At("allocatable"));
        var pods = node.Status.At("allocatable", "pods").Text() is { } text && Quantity.TryParse(text, out var quantity, out _) ? quantity.Value : 0;
        var changed = !IsKnown || unschedulable != IsUnschedulable || pods != AllowedPodNumber
            || !taints.SequenceEqual(Taints)
            || allocatable.MilliCpu != Allocatable.MilliCpu || allocatable.Memory != Allocatable.Memory || allocatable.EphemeralStorage != Allocatable.EphemeralStorage
            || !allocatable.ScalarResources.SequenceEqual(Allocatable.ScalarResources)
            || node.Labels.Count != Labels.Count || node.Labels.Any(label => Labels.GetValueOrDefault(label.Key) != label.Value);
        (IsKnown, Labels, Taints, IsUnschedulable, Allocatable, AllowedPodNumber) = (true, node.Labels, taints, unschedulable, allocatable, pods);
        var images = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var image in node.Status.At("images").Items())
            foreach (var name in image.At("names").Items())
                images[name.Text("")] = image.At("sizeBytes").Integer() ?? 0;
        ImageSizes = images;
        return changed;
    }

    /// <summary>Adds a pod, replacing one of the same name.</summary>
    public void AddPod(PodInfo pod)
    {
        RemovePod(pod.Pod.Key);
        _pods[pod.Pod.Key] = pod;
        Requested += pod.Requests;
        NonZeroRequested = (NonZeroRequested.MilliCpu + pod.NonZeroRequests.MilliCpu, NonZeroRequested.Memory + pod.NonZeroRequests.Memory);
        _usedPorts.AddRange(pod.HostPorts);
        if (pod.HasAffinity)
            (_podsWithAffinity ??= []).Add(pod);
        if (pod.Pod.IsDeleting)
            return;
        _groups[pod.Group] = _groups.GetValueOrDefault(pod.Group) + 1;
        if (pod.Pod.ControllerUid is { } controller)
            _podsByController[controller] = _podsByController.GetValueOrDefault(controller) + 1;
    }

    /// <summary>Removes a pod; returns it, or null if it is not on the node.</summary>
    public PodInfo? RemovePod(ObjectKey key)
    {
        if (!_pods.Remove(key, out var pod))
            return null;
        Requested -= pod.Requests;
        NonZeroRequested = (NonZeroRequested.MilliCpu - pod.NonZeroRequests.MilliCpu, NonZeroRequested.Memory - pod.NonZeroRequests.Memory);
        foreach (var port in pod.HostPorts)
            _usedPorts.Remove(port);
        if (pod.HasAffinity)
            _podsWithAffinity!.Remove(pod);
        if (pod.Pod.IsDeleting)
            return pod;
        Decrease(_groups, pod.Group);
        if (pod.Pod.ControllerUid is { } controller)
            Decrease(_podsByController, controller);
        return pod;
    }

    /// <summary>Returns a copy, for trials that add and remove pods.</summary>
    public NodeInfo Snapshot()
    {
        var copy = new NodeInfo(Name)
        {
            IsKnown = IsKnown,
            Labels = Labels,
            Taints = Taints,
            IsUnschedulable = IsUnschedulable,
            Allocatable = Allocatable,
            AllowedPodNumber = AllowedPodNumber,
            ImageSizes = ImageSizes,
        };
        foreach (var pod in _pods.Values)
            copy.AddPod(pod);
        return copy;
    }

    private static void Decrease<TKey>(Dictionary<TKey, int> counts, TKey key)
        where TKey : notnull
    {
        if (--counts[key] == 0)
            counts.Remove(key);
    }
}
