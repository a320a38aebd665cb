using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Scheduling.Framework;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling;

/// <summary>Keeps the cache and the queue up to date with the API server (<c>pkg/scheduler/eventhandlers.go</c>).</summary>
internal sealed class EventHandlers
{
    private readonly SchedulerCache _cache;
    private readonly Nominator _nominator;
    private readonly SchedulingQueue _queue;
    private readonly BindingCycle _bindingCycle;
    private readonly IReadOnlySet<string> _awaitingPodAdd;
    private readonly IReadOnlySet<string> _awaitingPodDelete;
    private readonly IReadOnlySet<string> _awaitingVolume;

    /// <summary>Registers the handlers.</summary>
    public EventHandlers(ControllerContext context, SchedulerProfile profile, SchedulerCache cache, Nominator nominator, SchedulingQueue queue, BindingCycle bindingCycle)
    {
        (_cache, _nominator, _queue, _bindingCycle) = (cache, nominator, queue, bindingCycle);
        _awaitingPodAdd = profile.PluginsAwaiting(ClusterEvents.AssignedPodAdd);
        _awaitingPodDelete = profile.PluginsAwaiting(ClusterEvents.AssignedPodDelete);
        _awaitingVolume = profile.PluginsAwaiting(ClusterEvents.Volume);
        var client = context.Client;
        context.Informers.Handle(client.Resource("nodes"), HandleNode);
        context.Informers.Handle(client.Resource("pods"), HandlePod);
        context.Informers.Handle(client.Resource("persistentvolumeclaims"), HandleVolume);
        context.Informers.Handle(client.Resource("persistentvolumes"), HandleVolume);
        context.Informers.Handle(client.Resource("storageclasses", "storage.k8s.io"), HandleVolume);
    }

    private void HandleNode(StoreEvent change)
    {
        bool changed;
        lock (_cache.Lock)
            changed = _cache.SetNode(change.Document.Name, change.Change == StoreChange.Deleted ? null : change.Document);
        if (changed && change.Change != StoreChange.Deleted)
            _queue.MoveAllToActive(null);
    }

    private void HandlePod(StoreEvent change)
    {
        var pod = change.Document;
        if (change.Change == StoreChange.Deleted || pod.IsEnded())
            DeletePod(pod);
        else if (pod.NodeName is { } node)
            UpdateAssignedPod(change.Previous, pod, node);
        else if (SchedulerProfile.ResponsibleForPod(pod))
            UpdatePodInQueue(change.Previous, pod);
    }

    private void DeletePod(Document pod)
    {
        bool wasAssigned;
        lock (_cache.Lock)
        {
            wasAssigned = _cache.RemovePod(pod.Key);
            _nominator.DeleteNominatedPodIfExists(pod.Key);
            _bindingCycle.Unreserve(pod.Key);
        }
        _queue.Delete(pod.Key);
        if (wasAssigned)
            _queue.MoveAllToActive(_awaitingPodDelete);
    }

    private void UpdateAssignedPod(Document? before, Document pod, string node)
    {
        // Most changes are of the status, and matter to no other pod.
        var resized = before?.NodeName is not null && (pod.Generation() != before.Generation() || PodRequests.MayDiffer(before, pod));
        var matters = before?.NodeName is null || before.IsDeleting != pod.IsDeleting || !HaveSameLabels(before, pod) || resized;
        if (!matters)
            return;
        lock (_cache.Lock)
        {
            _cache.AddPod(_cache.Parse(pod), node);
            _nominator.DeleteNominatedPodIfExists(pod.Key);
        }
        _queue.Delete(pod.Key);
        _queue.MoveAllToActive(pod.IsDeleting || resized ? _awaitingPodDelete : _awaitingPodAdd);
    }

    private void UpdatePodInQueue(Document? before, Document pod)
    {
        lock (_cache.Lock)
        {
            if (pod.IsDeleting)
                _nominator.DeleteNominatedPodIfExists(pod.Key);
            // Only changes of the spec and the labels cause a retry: the scheduler itself writes the condition (isPodUpdated).
            if (pod.IsDeleting || (before is not null && before.Generation() == pod.Generation() && HaveSameLabels(before, pod)) || _cache.NodeNameOf(pod.Key) is not null)
                return;
        }
        _queue.Add(pod.Key, pod.Spec.At("priority").Integer(0));
    }

    private void HandleVolume(StoreEvent change)
    {
        _bindingCycle.BindPreBound();
        _queue.MoveAllToActive(_awaitingVolume);
    }

    private static bool HaveSameLabels(Document one, Document other) =>
        one.Labels.Count == other.Labels.Count && one.Labels.All(label => other.Labels.GetValueOrDefault(label.Key) == label.Value);
}
