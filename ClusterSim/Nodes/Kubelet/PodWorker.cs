using System.Text.Json;
using ClusterSim.Client;
using ClusterSim.Network;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Volumes;
using ClusterSim.Storage;
using Microsoft.Extensions.Logging;

namespace ClusterSim.Nodes;

/// <summary>
/// Makes one pod on one node what it is asked to be, as the kubelet's pod worker does: whenever something happened (the pod changed, a
/// container ended, a probe decided, a wait is over) it looks at everything once, does what can be done now, and writes the status.
/// One look at a time; between them the worker is memory only, neither a thread nor a timer.
/// </summary>
internal sealed partial class PodWorker
{
    // The kubelet's backOffPeriod with its jitter: when a container that could not be made is tried again.
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MountRetryFirst = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan MountRetryMax = TimeSpan.FromSeconds(122);
    private static readonly TimeSpan RelistPeriod = TimeSpan.FromSeconds(1);

    private readonly NodeContext _node;
    private readonly List<PodContainer> _containers = [];
    private readonly ObjectKey _key;
    private readonly string _uid;
    private readonly PodVolumes _volumes;
    private Document _pod;
    private IPodNetwork? _network;
    private PodFields? _fields;
    private string _address = "";
    private bool _mounted;
    private TimeSpan _mountRetry = MountRetryFirst;
    private DateTimeOffset _startTime;
    private ITimer? _timer;
    private DateTimeOffset _wakeAt = DateTimeOffset.MaxValue;
    private int _running; // 0 at rest, 1 looking, 2 looking and to look again
    private long _written;
    private volatile bool _dead;

    /// <summary>A worker that has not looked yet.</summary>
    public PodWorker(NodeContext node, Document pod)
    {
        _node = node;
        _pod = pod;
        _key = pod.Key;
        _uid = pod.Uid;
        _volumes = new PodVolumes(
            node.Client, new VolumeSources(node.Client, node.Shared.Tokens), node.Folders, node.Watchers, pod, node.Clock);
        foreach (var container in pod.Spec.At("initContainers").Items())
            _containers.Add(new PodContainer(container.At("restartPolicy").Text() == "Always" ? ContainerKind.Sidecar : ContainerKind.Init, container));
        foreach (var container in pod.Spec.At("containers").Items())
            _containers.Add(new PodContainer(ContainerKind.Regular, container));
        _startTime = pod.Status.At("startTime").Time() ?? node.Clock.GetUtcNow();
        Recover();
    }

    /// <summary>The pod's uid.</summary>
    public string Uid => _uid;

    /// <summary>Whether it has nothing more to do, its pod being gone.</summary>
    public bool IsGone { get; private set; }

    /// <summary>Called when the pod object is gone and the worker done.</summary>
    public Action<PodWorker>? Gone { get; init; }

    /// <summary>Something happened: look, soon.</summary>
    public void Kick()
    {
        if (Interlocked.Exchange(ref _running, 2) == 0)
            _node.Tracked.Post(static worker => ((PodWorker)worker!).Look(), this);
    }

    /// <summary>The pod object changed; the worker's own writes are no news.</summary>
    public void Changed(StoreEvent change)
    {
        if (change.Change == StoreChange.Deleted || change.Document.Revision != Interlocked.Read(ref _written))
            Kick();
    }

    /// <summary>The node loses its power: every process of the pod is dead, nothing is told.</summary>
    public void PowerOff()
    {
        _dead = true;
        _network?.Sever();
        _timer?.Dispose();
        foreach (var container in _containers)
        {
            container.StopProbes();
            container.Run?.Kill();
        }
        _ = _network?.DisposeAsync().AsTask();
    }

    /// <summary>Kills every process of the pod (a fault); what its restart policy says follows.</summary>
    public void Kill()
    {
        foreach (var container in _containers)
            container.Run?.Kill();
    }

    /// <summary>Kills one container as the kernel does that takes back the memory of its cgroup; false where none of that name runs.</summary>
    public bool KillForMemory(string name)
    {
        if (_containers.Find(container => container.Name == name)?.Run is not { Exit: null } run)
            return false;
        run.Kill(ContainerExit.OutOfMemory);
        return true;
    }

    /// <summary>What a container uses cannot be measured, but somebody may have said it: more than its limit is what the kernel would not let it have.</summary>
    private void KeepToMemory(PodContainer container)
    {
        if (container.Run is { Exit: null }
            && container.Spec.At("resources", "limits", "memory").Text() is { } limit && Quantity.TryParse(limit, out var most, out _)
            && UsageAnnotations.Read(_pod.Metadata, "memory", container.Name, _pod.Spec.At("containers").Count() == 1) is { } used && used.CompareTo(most) > 0)
            KillForMemory(container.Name);
    }

    private void Look()
    {
        do
        {
            Volatile.Write(ref _running, 1);
            if (_dead || IsGone)
            {
                Volatile.Write(ref _running, 0);
                return;
            }
            try
            {
                Sync();
            }
            catch (Exception failure)
            {
                // A kubelet outlives what one pod does to it; the pod is looked at again.
                _node.Shared.Log.LogWarning(failure, "node {Node}: pod {Pod} could not be synchronised; it will be tried again", _node.Name, _key);
                WakeIn(RetryPeriod);
            }
        }
        while (Interlocked.CompareExchange(ref _running, 0, 1) != 1);
    }

    /// <summary>
    /// One look: 1. the pod as it is now; 2. what ended; 3. whether it is to end (deleted, too old, complete); 4. if not, whether it
    /// may have the resources it now asks for, and what can be started; 5. the status; 6. if all has ended, the last things.
    /// </summary>
    private void Sync()
    {
        _wakeAt = DateTimeOffset.MaxValue;
        var live = _node.Client.Find(_node.Pods, _key);
        var isThere = live is not null && live.Uid == _uid;
        if (isThere)
            Update(live!);
        if (_isOver)
        {
            Finish(isThere);
            return;
        }
        if (IsEnded(_pod) && !_sandboxWasMade)
        {
            // It ended under an earlier kubelet of this node, or before it came here.
            _isOver = true;
            Finish(isThere);
            return;
        }
        if (!isThere)
            Terminate(1);
        else if (_pod.IsDeleting)
            Terminate(_pod.Metadata.At("deletionGracePeriodSeconds").Integer() ?? 30);
        else
            CheckDeadline();
        if (!_isTerminating && IsComplete())
            Terminate(GracePeriod);
        if (!_isTerminating)
        {
            Resize();
            Advance();
            TellResized();
        }
        if (_haveAllEnded)
        {
            _isOver = true;
            Finish(isThere);
        }
        else if (isThere)
        {
            WriteStatus();
        }
    }

    private void Update(Document live)
    {
        if (ReferenceEquals(live, _pod))
            return;
        var before = _pod;
        _pod = live;
        if (_fields is not null)
            _fields = _fields with { Pod = live };
        foreach (var spec in live.Spec.At("containers").Items().Concat(live.Spec.At("initContainers").Items()))
            if (_containers.Find(container => container.Name == spec.At("name").Text()) is { } container)
                container.Spec = spec;
        foreach (var spec in live.Spec.At("ephemeralContainers").Items())
            if (!_containers.Exists(container => container.Name == spec.At("name").Text()))
                _containers.Add(new PodContainer(ContainerKind.Ephemeral, spec));
        if (!Same(before.Metadata.At("labels"), live.Metadata.At("labels"))
            || !Same(before.Metadata.At("annotations"), live.Metadata.At("annotations")))
        {
            if (_fields is not null)
                _volumes.Start(_fields);
            _volumes.Update(live);
        }
    }

    /// <summary>What an earlier kubelet of this node has left in the status: containers that ran are restarted, not started.</summary>
    private void Recover()
    {
        foreach (var status in _pod.Status.At("containerStatuses").Items().Concat(_pod.Status.At("initContainerStatuses").Items()))
        {
            if (!status.At("containerID").Exists() || _containers.Find(container => container.Name == status.At("name").Text()) is not { } container)
                continue;
            var state = status.At("state").At("terminated");
            container.Restarts = status.At("restartCount").Integer(0) + 1;
            if (status.At("resources").Exists())
                container.Allocated = container.Actual = status.At("resources");
            container.PreviousExit = new ContainerExit(
                state.At("exitCode").Integer(255), state.At("reason").Text("Unknown"), state.At("message").Text(""),
                state.At("startedAt").Time() ?? status.At("state", "running", "startedAt").Time() ?? _startTime,
                state.At("finishedAt").Time() ?? _node.Clock.GetUtcNow(), status.At("containerID").Text("").Split("//")[^1]);
        }
    }

    private void CheckDeadline()
    {
        if (_pod.Spec.At("activeDeadlineSeconds").Integer() is not { } seconds)
            return;
        var deadline = _startTime + TimeSpan.FromSeconds(seconds);
        if (_node.Clock.GetUtcNow() < deadline)
        {
            WakeAt(deadline);
            return;
        }
        if (_isTerminating && _failedReason is null)
            return;
        // The kubelet tells it at every look until the pod has ended.
        (_failedReason, _failedMessage) = ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline");
        Normal(null, _failedReason, _failedMessage);
        if (!_isTerminating)
            Terminate(GracePeriod);
    }

    private static bool Same(JsonElement one, JsonElement other) =>
        one.Exists() == other.Exists() && (!one.Exists() || JsonElement.DeepEquals(one, other));

    private long GracePeriod => _pod.Spec.At("terminationGracePeriodSeconds").Integer() ?? 30;

    private string RestartPolicy => _pod.Spec.At("restartPolicy").Text("Always");

    private static bool IsEnded(Document pod) => pod.Status.At("phase").Text() is "Succeeded" or "Failed";

    private void WakeIn(TimeSpan span) => WakeAt(_node.Clock.GetUtcNow() + span);

    private void WakeAt(DateTimeOffset time)
    {
        if (time >= _wakeAt || _dead)
            return;
        _wakeAt = time;
        var delay = time - _node.Clock.GetUtcNow();
        if (delay < TimeSpan.Zero)
            delay = TimeSpan.Zero;
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            _timer ??= _node.Clock.CreateTimer(static worker => ((PodWorker)worker!).Kick(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _timer.Change(delay, Timeout.InfiniteTimeSpan);
    }

    private TimeSpan Retry() => RetryPeriod * (1 + (_node.Shared.Random.NextDouble() / 2));

    private void Normal(PodContainer? container, string reason, string message) => Tell(isWarning: false, container, reason, message);

    private void Warning(PodContainer? container, string reason, string message) => Tell(isWarning: true, container, reason, message);

    private void Tell(bool isWarning, PodContainer? container, string reason, string message)
    {
        var path = container is null ? "" : container.Kind switch
        {
            ContainerKind.Regular => $"spec.containers{{{container.Name}}}",
            ContainerKind.Ephemeral => $"spec.ephemeralContainers{{{container.Name}}}",
            _ => $"spec.initContainers{{{container.Name}}}",
        };
        if (_dead)
            return;
        if (isWarning)
            _node.Events.Warning(_pod, reason, message, path);
        else
            _node.Events.Normal(_pod, reason, message, path);
    }
}
