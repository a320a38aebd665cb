using System.Collections.Concurrent;
using ClusterSim.Storage;

namespace ClusterSim.Nodes.Volumes;

/// <summary>Which pods' volumes are made of which ConfigMaps and Secrets, so that a change reaches the files and costs the others nothing.</summary>
internal sealed class VolumeWatchers
{
    private readonly ConcurrentDictionary<(bool IsConfigMap, ObjectKey Key), ConcurrentDictionary<PodVolumes, byte>> _watchers = new();

    /// <summary>From now on changes of that object reach the volumes.</summary>
    public void Add(bool isConfigMap, ObjectKey key, PodVolumes volumes) =>
        _watchers.GetOrAdd((isConfigMap, key), static _ => new()).TryAdd(volumes, 0);

    /// <summary>The volumes are gone.</summary>
    public void Remove(bool isConfigMap, ObjectKey key, PodVolumes volumes)
    {
        if (_watchers.TryGetValue((isConfigMap, key), out var watching))
            watching.TryRemove(volumes, out _);
    }

    /// <summary>A ConfigMap or Secret changed, came or went: where it is optional, its files go with it.</summary>
    public void Changed(StoreEvent change)
    {
        var isConfigMap = change.Document.Resource.Resource == "configmaps";
        if (!_watchers.TryGetValue((isConfigMap, change.Document.Key), out var watching))
            return;
        foreach (var volumes in watching.Keys)
            volumes.SourceChanged(isConfigMap, change.Document.Name);
    }
}
