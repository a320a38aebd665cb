using System.Collections.Concurrent;
using System.Text.Json;
using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Files;
using ClusterSim.Nodes.Pods;

namespace ClusterSim.Nodes.Volumes;

/// <summary>The local ephemeral storage of one pod: what its containers and its emptyDir volumes use, and what they may use.</summary>
internal sealed class PodStorage
{
    private readonly ConcurrentDictionary<(char Kind, string Name), DiskQuota> _parts = new();
    private readonly NodeFolders _folders;
    private readonly AssignedPod _pod;
    private readonly ProgramLimits _limits;
    private readonly Action _enqueue;
    private readonly Lazy<DiskQuota> _whole;
    private volatile bool _isExceeded;

    /// <summary>The storage of a pod.</summary>
    /// <param name="folders">The folders of the node.</param>
    /// <param name="pod">The pod.</param>
    /// <param name="limits">What programs may use.</param>
    /// <param name="enqueue">Called when a limit may be exceeded.</param>
    public PodStorage(NodeFolders folders, AssignedPod pod, ProgramLimits limits, Action enqueue)
    {
        (_folders, _pod, _limits, _enqueue) = (folders, pod, limits, enqueue);
        _whole = new(() => _folders.QuotaOfPod(_pod.Uid, PodLimit is { } limit ? Bytes(limit) : null, Exceed, () => _pod.Containers.Sum(container => container.Run?.Log.Bytes ?? 0)));
    }

    /// <summary>The sum of the containers' limits (<c>PodLimits</c>); null where none has one.</summary>
    private Quantity? PodLimit
    {
        get
        {
            Quantity? sum = null;
            foreach (var container in _pod.Spec.At("containers").Items())
                if (LimitOf(container) is { } text && Quantity.TryParse(text, out var limit, out _))
                    sum = sum is { } before ? before + limit : limit;
            return sum;
        }
    }

    /// <summary>The space of a container's own files.</summary>
    public DiskQuota OfContainer(JsonElement container) => _parts.GetOrAdd(('c', container.At("name").Text("")), part => _folders.QuotaOf(
        _pod.Uid, _whole.Value, part, ResourceLimits.BytesOf(container.At("resources", "limits", "ephemeral-storage"), _limits.PodStorageBytesMax), Exceed,
        () => _pod.Find(part.Name)?.Run?.Log.Bytes ?? 0));

    /// <summary>The space of an emptyDir volume. One in memory is as large as its limit, or as a container's memory; it is none of the pod's disk.</summary>
    public DiskQuota OfEmptyDir(string name, JsonElement emptyDir) => _parts.GetOrAdd(('v', name), part =>
    {
        var isMemory = emptyDir.At("medium").Text() == "Memory";
        var limit = ResourceLimits.BytesOf(emptyDir.At("sizeLimit"), _limits.PodStorageBytesMax) is > 0 and var bytes ? bytes : (long?)null;
        return _folders.QuotaOf(_pod.Uid, isMemory ? null : _whole.Value, part, isMemory ? limit ?? _limits.ContainerMemoryBytesMax : limit, Exceed, () => 0);
    });

    /// <summary>Returns why the pod must be evicted (<c>localStorageEviction</c>); null where it need not be. Measures only where much was written.</summary>
    public string? FindEviction()
    {
        if (!_isExceeded)
            return null;
        _isExceeded = false;
        foreach (var volume in _pod.Spec.At("volumes").Items())
            if (volume.At("emptyDir", "sizeLimit").Text() is { } size && _parts.TryGetValue(('v', volume.At("name").Text("")), out var used) && IsExceeded(used))
                return $"Usage of EmptyDir volume \"{volume.At("name").Text("")}\" exceeds the limit \"{size}\". ";
        if (_whole.IsValueCreated && IsExceeded(_whole.Value))
            return $"Pod ephemeral local storage usage exceeds the total limit of containers {PodLimit ?? Quantity.Of(_limits.PodStorageBytesMax, QuantityFormat.BinarySI)}. ";
        foreach (var container in _pod.Spec.At("containers").Items())
            if (LimitOf(container) is { } limit && _parts.TryGetValue(('c', container.At("name").Text("")), out var used) && IsExceeded(used))
                return $"Container {container.At("name").Text("")} exceeded its local ephemeral storage limit \"{limit}\". ";
        return null;
    }

    private static string? LimitOf(JsonElement container) => container.At("resources", "limits", "ephemeral-storage").Text();

    private static bool IsExceeded(DiskQuota quota) => quota.Measure() > quota.Limit;

    private long Bytes(Quantity quantity) => quantity > Quantity.Of(_limits.PodStorageBytesMax) ? _limits.PodStorageBytesMax : quantity.Value;

    private void Exceed()
    {
        _isExceeded = true;
        _enqueue();
    }
}
