using ClusterSim.Nodes.Pods;
using ClusterSim.Nodes.Runtime;
using ClusterSim.Nodes.Status;
using ClusterSim.Requests;
using ClusterSim.Storage;
using Microsoft.Extensions.Logging;

namespace ClusterSim.Nodes;

/// <summary>
/// Brings one pod on one node into the state that its spec requests, as the kubelet's pod workers do. Whatever happens (the pod changes, a container
/// ends, a probe decides, a wait is over) enqueues a sync. A sync reads the whole state, does what can be done now, and writes the status.
/// </summary>
internal sealed class PodWorker
{
    private readonly NodeContext _node;
    private readonly AssignedPod _pod;
    private readonly PodWorkQueue _queue;
    private readonly PodEventRecorder _events;
    private readonly PodSandbox _sandbox;
    private readonly ContainerLifecycle _lifecycle;
    private readonly PodTermination _termination;
    private readonly ActiveDeadlineHandler _activeDeadline;
    private readonly StorageEviction _eviction;
    private readonly PodResize _resize;
    private readonly PodStatusWriter _status;

    /// <summary>A worker that has not synced yet.</summary>
    public PodWorker(NodeContext node, Document pod)
    {
        _node = node;
        _pod = new AssignedPod(pod, node.Clock.GetUtcNow());
        _queue = new PodWorkQueue(node, Sync);
        _events = new PodEventRecorder(node.Events, _pod);
        _sandbox = new PodSandbox(node, _pod, _queue, _events);
        var commands = new CommandRunner(node, _pod, _sandbox);
        var killer = new ContainerKiller(node, _pod, _events, commands);
        var probes = new PodProbes(node, _pod, _queue, _events, killer, commands);
        var starter = new ContainerStarter(node, _pod, _sandbox, _queue, _events, killer, commands, probes);
        _lifecycle = new ContainerLifecycle(_pod, starter, killer, new RestartBackOff(node, _pod, _queue, _events));
        _termination = new PodTermination(node, _pod, _queue, _events, killer, probes);
        _activeDeadline = new ActiveDeadlineHandler(node, _pod, _queue, _events);
        _eviction = new StorageEviction(_pod, _sandbox.Storage, _events);
        _resize = new PodResize(node, _pod, _queue, _events, killer);
        _status = new PodStatusWriter(node, _pod);
        Streams = new PodStreams(_pod, _sandbox, commands, _lifecycle, _termination);
    }

    /// <summary>The pod's uid.</summary>
    public string Uid => _pod.Uid;

    /// <summary>Log, exec, attach and connections to ports.</summary>
    public PodStreams Streams { get; }

    /// <summary>Whether the pod waits for room on the node to be resized.</summary>
    public bool IsResizeDeferred => _resize.IsDeferred;

    /// <summary>Called when the pod is gone from the API and nothing of it is left on the node.</summary>
    public Action<PodWorker>? Finished { get; init; }

    /// <summary>Enqueues a sync.</summary>
    public void Enqueue() => _queue.Enqueue();

    /// <summary>Handles a change of the pod; the status that the worker itself wrote causes no sync.</summary>
    public void UpdatePod(StoreEvent change)
    {
        if (change.Change == StoreChange.Deleted || !_status.IsLastWritten(change.Document))
            Enqueue();
    }

    /// <summary>Kills every process of the pod and stops the worker: the node loses its power, and reports nothing more.</summary>
    public void PowerOff()
    {
        _queue.Stop();
        _events.Stop();
        _sandbox.Sever();
        foreach (var container in _pod.Containers)
        {
            container.StopProbes();
            container.Run?.Kill();
        }
        _sandbox.PowerOff();
        _pod.RemoveLogs();
    }

    /// <summary>Kills every process of the pod (a fault); its restart policy decides what follows.</summary>
    public void KillContainers()
    {
        foreach (var container in _pod.Containers)
            container.Run?.Kill();
    }

    /// <summary>Kills one container for want of memory.</summary>
    /// <returns>Whether it was running.</returns>
    public bool KillForMemory(string container) => OomKiller.Kill(_pod.Find(container));

    private void Sync()
    {
        try
        {
            SyncPod();
        }
        catch (Exception ex)
        {
            // A failure of one pod must not end the kubelet.
            _node.Shared.Log.LogWarning(ex, "node {Node}: error syncing pod {Pod}; it is tried again", _node.Name, _pod.Key);
            _queue.EnqueueAfterBackOff();
        }
    }

    /// <summary>
    /// One sync, after the kubelet's <c>SyncPod</c>, <c>SyncTerminatingPod</c> and <c>SyncTerminatedPod</c>:
    /// 1. read the newest version of the pod;
    /// 2. if the pod has ended, now or under an earlier kubelet of this node, remove what is left of it;
    /// 3. begin to terminate it if it is deleted, past its deadline, to be evicted or complete;
    /// 4. unless it terminates, allocate a resize, mount the volumes, create the sandbox, and sync the containers;
    /// 5. if all containers have ended since the termination began, remove what is left of it;
    /// 6. else write the status.
    /// </summary>
    private void SyncPod()
    {
        var exists = ReadPod();
        if (_termination.IsTerminated || (AssignedPod.HasEnded(_pod.Document) && !_sandbox.WasCreated))
        {
            SyncTerminatedPod(exists);
            return;
        }
        BeginTermination(exists);
        if (!_termination.IsTerminating)
        {
            _resize.Allocate();
            if (_sandbox.EnsureCreated())
                _lifecycle.Sync();
            _resize.RecordCompletion();
        }
        if (_termination.HaveContainersEnded)
            SyncTerminatedPod(exists);
        else if (exists)
            WriteStatus();
    }

    /// <summary>Reads the newest version of the pod.</summary>
    /// <returns>Whether the API still has it.</returns>
    private bool ReadPod()
    {
        if (_node.Client.Find(_node.Pods, _pod.Key) is not { } live || live.Uid != _pod.Uid)
            return false;
        if (!ReferenceEquals(live, _pod.Document))
            _sandbox.Update(live, hasNewMetadata: _pod.Update(live));
        return true;
    }

    private void BeginTermination(bool exists)
    {
        if (!exists)
            _termination.Begin(1);
        else if (_pod.Document.IsDeleting)
            _termination.Begin(_pod.Document.Metadata.At("deletionGracePeriodSeconds").Integer() ?? 30);
        else if (_activeDeadline.ShouldEvict(_termination.IsTerminating))
            _termination.Begin(_pod.TerminationGracePeriodSeconds);
        if (!_termination.IsTerminating && _eviction.ShouldEvict())
            _termination.Begin(StorageEviction.GraceSeconds);
        if (!_termination.IsTerminating && _pod.IsComplete())
            _termination.Begin(_pod.TerminationGracePeriodSeconds);
    }

    /// <summary>
    /// Removes the sandbox and the files of a pod whose containers have ended, writes the last status, and removes a pod that was being deleted from
    /// the API. A pod that has merely ended stays, with its logs.
    /// </summary>
    private void SyncTerminatedPod(bool exists)
    {
        _termination.Complete();
        _sandbox.Remove();
        if (exists && _sandbox.WasCreated)
            WriteStatus();
        if (exists && !_pod.Document.IsDeleting)
            return;
        if (exists)
            _node.Client.Delete(_node.Pods, _pod.Key, new DeleteOptions { GracePeriodSeconds = 0, PreconditionUid = _pod.Uid });
        if (_node.Client.Find(_node.Pods, _pod.Key) is { } left && left.Uid == _pod.Uid)
            return; // a finalizer keeps it; the next sync follows its removal
        _queue.Stop();
        _pod.RemoveLogs();
        Finished?.Invoke(this);
    }

    private void WriteStatus() => _status.Write(before => PodStatusGenerator.Generate(before, State, _node.Clock.GetUtcNow()));

    private PodRuntimeStatus State => new()
    {
        Pod = _pod.Document,
        Containers = _pod.Containers,
        Generation = _pod.Generation,
        StartTime = _pod.StartTime,
        HostAddress = _node.Address,
        PodAddress = _sandbox.WasCreated ? _sandbox.Fields.PodAddress : "",
        IsSandboxReady = _sandbox.IsReady,
        IsInitialized = _lifecycle.IsInitialized,
        IsTerminated = _termination.IsTerminated,
        Failure = _activeDeadline.Failure ?? _eviction.Failure,
        Resize = _termination.IsTerminating ? default : _resize.Status,
    };
}
