using System.Collections.Concurrent;
using System.Globalization;
using ClusterSim.Access;
using ClusterSim.Client;
using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Volumes;
using ClusterSim.Storage;
using ClusterSim.Streaming;

namespace ClusterSim.Nodes;

/// <summary>
/// The kubelets of a cluster's nodes. One handler passes each change of a pod to its node, and one timer makes all heartbeats, so that a node costs
/// no more than a small object. Create it before the informers start, add nodes, then call <see cref="Start"/>.
/// </summary>
internal sealed class Kubelets : IKubelets, IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Kubelet> _kubelets = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (NodeOptions Options, string Address)> _known = new(StringComparer.Ordinal);
    private readonly NodeEnvironment _environment;
    private readonly TrackingSynchronizationContext _dispatcher;
    private readonly VolumeWatchers _watchers = new();
    private readonly NodeFolders _folders;
    private readonly MemoryCgroup _kubepods;
    private readonly LogBudget _logs;
    private ITimer? _heartbeat;
    private int _addresses;
    private bool _started;

    /// <summary>No nodes yet.</summary>
    public Kubelets(NodeEnvironment environment)
    {
        _environment = environment;
        _folders = new NodeFolders(environment.PersistentVolumes, environment.HostPathsAllowed, environment.Limits);
        _kubepods = new MemoryCgroup(null, environment.Limits.MemoryBytesMax);
        _logs = new LogBudget(environment.Limits.LogBytesMax);
        _dispatcher = new TrackingSynchronizationContext(followsFlow: environment.Clock != TimeProvider.System);
        environment.Quiescence.Register(() => _dispatcher.IsIdle);
        var catalog = environment.Server.Catalog;
        environment.Informers.Handle(catalog.Require("pods"), Handle);
        environment.Informers.Handle(catalog.Require("configmaps"), _watchers.Changed);
        environment.Informers.Handle(catalog.Require("secrets"), _watchers.Changed);
    }

    /// <summary>The names of the nodes that run.</summary>
    public IEnumerable<string> Names => _kubelets.Keys.Order(StringComparer.Ordinal);

    /// <summary>What the programs of all containers hold in memory.</summary>
    public MemoryCgroup Kubepods => _kubepods;

    /// <summary>Adds a node. After <see cref="Start"/> it registers itself at once.</summary>
    /// <exception cref="ArgumentException">There is a node of that name.</exception>
    public void Add(NodeOptions options)
    {
        if (!_known.TryAdd(options.Name, (options, NextAddress())))
            throw new ArgumentException($"there is a node '{options.Name}' already", nameof(options));
        if (_started)
            PowerOn(options.Name);
    }

    /// <summary>Starts every node, and their heartbeats.</summary>
    public void Start()
    {
        _started = true;
        foreach (var name in _known.Keys.Order(StringComparer.Ordinal))
            PowerOn(name);
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            _heartbeat = _environment.Clock.CreateTimer(_ => _dispatcher.Post(_ => Heartbeat(), null), null, _environment.HeartbeatInterval, _environment.HeartbeatInterval);
    }

    /// <inheritdoc/>
    public IKubelet? Find(string nodeName) => _kubelets.GetValueOrDefault(nodeName);

    /// <summary>Kills every process of a pod (rule 7).</summary>
    /// <returns>Whether a running node has the pod.</returns>
    public bool Kill(Document pod) => pod.NodeName is { } node && _kubelets.TryGetValue(node, out var kubelet) && kubelet.Kill(pod.Uid);

    /// <summary>Kills a container of a pod for want of memory.</summary>
    /// <returns>Whether it was running.</returns>
    public bool KillForMemory(Document pod, string container) =>
        pod.NodeName is { } node && _kubelets.TryGetValue(node, out var kubelet) && kubelet.KillForMemory(pod.Uid, container);

    /// <summary>Cuts a node's power: its pods are dead, its heartbeats stop, its object stays.</summary>
    /// <exception cref="ArgumentException">No such node runs.</exception>
    public void PowerOff(string name)
    {
        if (!_kubelets.TryRemove(name, out var kubelet))
            throw new ArgumentException($"no node '{name}' is running; those that are: {string.Join(", ", Names)}", nameof(name));
        kubelet.PowerOff();
    }

    /// <summary>Starts a node that was stopped: it registers again and restarts the pods still bound to it.</summary>
    /// <exception cref="ArgumentException">No such node is known, or it runs.</exception>
    public void PowerOn(string name)
    {
        if (!_known.TryGetValue(name, out var known))
            throw new ArgumentException($"there is no node '{name}'; those known: {string.Join(", ", _known.Keys.Order(StringComparer.Ordinal))}", nameof(name));
        var user = UserInfo.Node(name);
        var client = new ApiClient(_environment.Server, user, "kubelet");
        var context = new NodeContext(
            _environment, name, known.Address, known.Options, client, new EventRecorder(client, "kubelet", name, _environment.Clock), _dispatcher, _folders, _watchers, _kubepods, _logs);
        var kubelet = new Kubelet(context);
        if (!_kubelets.TryAdd(name, kubelet))
            throw new ArgumentException($"node '{name}' is running already", nameof(name));
        kubelet.Start();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _heartbeat?.Dispose();
        foreach (var name in _kubelets.Keys)
            if (_kubelets.TryRemove(name, out var kubelet))
                kubelet.PowerOff();
        _folders.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Handle(StoreEvent change)
    {
        if (change.Document.NodeName is { } node && _kubelets.TryGetValue(node, out var kubelet))
            kubelet.Handle(change);
    }

    private void Heartbeat()
    {
        foreach (var kubelet in _kubelets.Values)
            kubelet.Heartbeat();
    }

    // Nodes live beside the pods' ranges: 172.18.0.2 and on, as in a kind cluster.
    private string NextAddress()
    {
        var number = Interlocked.Increment(ref _addresses) + 1;
        return string.Create(CultureInfo.InvariantCulture, $"172.{18 + (number >> 16)}.{(number >> 8) & 255}.{number & 255}");
    }
}
