using System.Collections.Concurrent;
using ClusterSim.Storage;
using ClusterSim.Streaming;

namespace ClusterSim.Nodes;

/// <summary>One node: its Node object and heartbeat, and a worker for each of its pods.</summary>
internal sealed class Kubelet(NodeContext node) : IKubelet
{
    private readonly ConcurrentDictionary<string, PodWorker> _workers = new(StringComparer.Ordinal);
    private readonly NodeRegistration _registration = new(node);
    private volatile bool _isOff;

    /// <inheritdoc/>
    public string NodeName => node.Name;

    /// <summary>Registers the node and starts to sync the pods that are bound to it.</summary>
    public void Start()
    {
        _registration.Register();
        foreach (var pod in node.Client.Snapshot(node.Pods).OnNode(node.Name))
            GetOrAddWorker(pod)?.Enqueue();
    }

    /// <summary>Renews the node's lease.</summary>
    public void Heartbeat()
    {
        if (!_isOff)
            _registration.Heartbeat();
    }

    /// <summary>Handles a pod of this node that was added, changed or removed.</summary>
    public void Handle(StoreEvent change)
    {
        if (_isOff)
            return;
        if (change.Change == StoreChange.Deleted)
        {
            if (_workers.TryGetValue(change.Document.Uid, out var worker))
                worker.UpdatePod(change);
        }
        else
        {
            GetOrAddWorker(change.Document)?.UpdatePod(change);
        }
        // Another pod may have made room for those that wait for it.
        foreach (var (uid, waiting) in _workers)
            if (waiting.IsResizeDeferred && uid != change.Document.Uid)
                waiting.Enqueue();
    }

    /// <summary>Kills everything on the node, which loses its power and reports nothing more.</summary>
    public void PowerOff()
    {
        _isOff = true;
        foreach (var worker in _workers.Values)
            worker.PowerOff();
        _workers.Clear();
    }

    /// <summary>Kills every process of a pod, as the kernel or an operator would.</summary>
    /// <returns>Whether the pod is on this node.</returns>
    public bool Kill(string uid)
    {
        if (!_workers.TryGetValue(uid, out var worker))
            return false;
        worker.KillContainers();
        return true;
    }

    /// <summary>Kills a container of a pod for want of memory.</summary>
    /// <returns>Whether it was running here.</returns>
    public bool KillForMemory(string uid, string container) => _workers.TryGetValue(uid, out var worker) && worker.KillForMemory(container);

    /// <inheritdoc/>
    public async Task WriteLogAsync(Document pod, string container, LogOptions options, Stream output, CancellationToken cancellation) =>
        await Streams(pod).WriteLogAsync(container, options, output, cancellation);

    /// <inheritdoc/>
    public Task<int> ExecAsync(Document pod, string container, IReadOnlyList<string> command, ContainerStreams streams, CancellationToken cancellation) =>
        Streams(pod).ExecAsync(container, command, streams, cancellation);

    /// <inheritdoc/>
    public Task<int> AttachAsync(Document pod, string container, ContainerStreams streams, CancellationToken cancellation) =>
        Streams(pod).AttachAsync(container, streams, cancellation);

    /// <inheritdoc/>
    public ValueTask<Stream> DialAsync(Document pod, int port, CancellationToken cancellation) => Streams(pod).DialAsync(port, cancellation);

    private PodWorker? GetOrAddWorker(Document pod)
    {
        if (_workers.TryGetValue(pod.Uid, out var present))
            return present;
        return _isOff ? null : _workers.GetOrAdd(pod.Uid, _ => new PodWorker(node, pod) { Finished = worker => _workers.TryRemove(worker.Uid, out PodWorker? _) });
    }

    private PodStreams Streams(Document pod) => _workers.GetValueOrDefault(pod.Uid)?.Streams
        ?? throw new KubernetesApiException(404, "NotFound", $"pod {pod.Key} is not known on node {node.Name}");
}
