using System.Collections.Concurrent;
using ClusterSim.Client;
using ClusterSim.Storage;
using ClusterSim.Streaming;

namespace ClusterSim.Nodes;

/// <summary>One node: its object and heartbeat, and a worker for each of its pods.</summary>
internal sealed class Kubelet(NodeContext node) : IKubelet
{
    private readonly ConcurrentDictionary<string, PodWorker> _workers = new(StringComparer.Ordinal);
    private readonly NodeRegistration _registration = new(node);
    private volatile bool _isOff;

    /// <inheritdoc/>
    public string NodeName => node.Name;

    /// <summary>The node's address.</summary>
    public string Address => node.Address;

    /// <summary>What it was made with.</summary>
    public NodeOptions Options => node.Options;

    /// <summary>Registers the node and takes up the pods that are bound to it.</summary>
    public void Start()
    {
        _registration.Register();
        foreach (var pod in node.Client.Snapshot(node.Pods).OnNode(node.Name))
            WorkerOf(pod)?.Kick();
    }

    /// <summary>Says that the node is alive.</summary>
    public void Heartbeat()
    {
        if (!_isOff)
            _registration.Heartbeat();
    }

    /// <summary>A pod of this node came, changed or went.</summary>
    public void Handle(StoreEvent change)
    {
        if (_isOff)
            return;
        if (change.Change == StoreChange.Deleted)
        {
            if (_workers.TryGetValue(change.Document.Uid, out var worker))
                worker.Changed(change);
        }
        else
        {
            WorkerOf(change.Document)?.Changed(change);
        }
        // Whoever waits for room looks again when another pod may have made some.
        foreach (var (uid, waiting) in _workers)
            if (waiting.IsResizeDeferred && uid != change.Document.Uid)
                waiting.Kick();
    }

    /// <summary>The node loses its power: nothing on it lives, and nobody is told.</summary>
    public void PowerOff()
    {
        _isOff = true;
        foreach (var worker in _workers.Values)
            worker.PowerOff();
        _workers.Clear();
    }

    /// <summary>Kills every process of a pod, as the kernel or an operator would; false where the pod is not here.</summary>
    public bool Kill(string uid)
    {
        if (!_workers.TryGetValue(uid, out var worker))
            return false;
        worker.Kill();
        return true;
    }

    /// <summary>Kills a container of a pod for want of memory; false where it does not run here.</summary>
    public bool KillForMemory(string uid, string container) => _workers.TryGetValue(uid, out var worker) && worker.KillForMemory(container);

    /// <inheritdoc/>
    public async Task WriteLogAsync(Document pod, string container, LogOptions options, Stream output, CancellationToken cancellation) =>
        await Worker(pod).WriteLogAsync(container, options, output, cancellation);

    /// <inheritdoc/>
    public Task<int> ExecAsync(Document pod, string container, IReadOnlyList<string> command, ContainerStreams streams, CancellationToken cancellation) =>
        Worker(pod).ExecAsync(container, command, streams, cancellation);

    /// <inheritdoc/>
    public Task<int> AttachAsync(Document pod, string container, ContainerStreams streams, CancellationToken cancellation) =>
        Worker(pod).AttachAsync(container, streams, cancellation);

    /// <inheritdoc/>
    public ValueTask<Stream> DialAsync(Document pod, int port, CancellationToken cancellation) => Worker(pod).DialAsync(port, cancellation);

    private PodWorker? WorkerOf(Document pod)
    {
        if (_workers.TryGetValue(pod.Uid, out var present))
            return present;
        return _isOff ? null : _workers.GetOrAdd(pod.Uid, _ => new PodWorker(node, pod) { Gone = worker => _workers.TryRemove(worker.Uid, out PodWorker? _) });
    }

    private PodWorker Worker(Document pod) => _workers.GetValueOrDefault(pod.Uid)
        ?? throw new KubernetesApiException(404, "NotFound", $"pod {pod.Key} is not known on node {node.Name}");
}
