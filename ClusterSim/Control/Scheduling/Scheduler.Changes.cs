using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling;

internal sealed partial class Scheduler
{
    // Which refusals each kind of news may undo (kube-scheduler's queueing hints, roughly).
    private static readonly IReadOnlySet<string> HelpedByPodGone =
        new HashSet<string>(["NodeResourcesFit", "NodePorts", "PodTopologySpread", "InterPodAffinity", "DefaultBinder"], StringComparer.Ordinal);
    private static readonly IReadOnlySet<string> HelpedByPodPlaced = new HashSet<string>(["PodTopologySpread", "InterPodAffinity"], StringComparer.Ordinal);
    private static readonly IReadOnlySet<string> HelpedByVolumes = new HashSet<string>(["VolumeBinding"], StringComparer.Ordinal);

    private void NodeChanged(StoreEvent change)
    {
        bool changed;
        lock (_lock)
            changed = _cache.SetNode(change.Document.Name, change.Change == StoreChange.Deleted ? null : change.Document);
        if (changed && change.Change != StoreChange.Deleted)
            _queue.Move(null);
    }

    private void PodChanged(StoreEvent change)
    {
        var pod = change.Document;
        if (change.Change == StoreChange.Deleted || pod.IsEnded())
        {
            bool wasPlaced;
            lock (_lock)
            {
                wasPlaced = _cache.Remove(pod.Key);
                _nominated.Remove(pod.Key);
                _awaitingVolumes.Remove(pod.Key);
            }
            _queue.Forget(pod.Key);
            if (wasPlaced)
                _queue.Move(HelpedByPodGone);
            return;
        }
        if (pod.NodeName is { } node)
        {
            // Status changes are most of the news, and say nothing about where others may go.
            var before = change.Previous;
            var resized = before?.NodeName is not null && (pod.Generation() != before.Generation() || ResizedRequests.Differ(before, pod));
            var matters = before?.NodeName is null || before.IsDeleting != pod.IsDeleting || !SameLabels(before, pod) || resized;
            if (!matters)
                return;
            lock (_lock)
            {
                _cache.Place(_cache.Read(pod), node);
                _nominated.Remove(pod.Key);
            }
            _queue.Forget(pod.Key);
            _queue.Move(pod.IsDeleting || resized ? HelpedByPodGone : HelpedByPodPlaced);
            return;
        }
        if (pod.Spec.At("schedulerName").Text(Name) != Name)
            return;
        lock (_lock)
        {
            if (pod.IsDeleting)
                _nominated.Remove(pod.Key);
            // Only what the pod itself asks for counts as news of it: not the condition we write.
            if (pod.IsDeleting || (change.Previous is { } before && before.Generation() == pod.Generation() && SameLabels(before, pod)) || _cache.WhereIs(pod.Key) is not null)
                return;
        }
        _queue.Add(pod.Key, pod.Spec.At("priority").Integer(0));
    }

    private void VolumesChanged(StoreEvent change)
    {
        List<Decision> waiting;
        lock (_lock)
            waiting = [.. _awaitingVolumes.Values];
        foreach (var decision in waiting)
            BindIfVolumesAreThere(decision);
        _queue.Move(HelpedByVolumes);
    }

    private static bool SameLabels(Document one, Document other) =>
        one.Labels.Count == other.Labels.Count && one.Labels.All(label => other.Labels.GetValueOrDefault(label.Key) == label.Value);
}
