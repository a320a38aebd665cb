using System.Net;
using ClusterSim.Network;
using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Volumes;
using ClusterSim.Storage;

namespace ClusterSim.Nodes.Pods;

/// <summary>What the containers of a pod share: its volumes, its network with the address, and the files that the kubelet writes for it.</summary>
internal sealed class PodSandbox
{
    // The kubelet's back-off of volume operations (exponentialbackoff: initialDurationBeforeRetry, maxDurationBeforeRetry).
    private static readonly TimeSpan MountRetryFirst = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan MountRetryMax = TimeSpan.FromSeconds(122);

    private readonly NodeContext _node;
    private readonly AssignedPod _pod;
    private readonly PodWorkQueue _queue;
    private readonly PodEventRecorder _events;
    private IPodNetwork? _network;
    private PodFields? _fields;
    private TimeSpan _mountRetry = MountRetryFirst;
    private bool _areVolumesMounted;

    /// <summary>The sandbox of a pod, not created yet.</summary>
    public PodSandbox(NodeContext node, AssignedPod pod, PodWorkQueue queue, PodEventRecorder events)
    {
        (_node, _pod, _queue, _events) = (node, pod, queue, events);
        Storage = new PodStorage(node.Folders, pod, node.Shared.Limits, queue.Enqueue);
        Volumes = new PodVolumes(node.Client, node.VolumeSources, node.Folders, node.Watchers, pod.Document, node.Clock) { Storage = Storage };
        Pids = new PidsCgroup(node.Shared.Limits.PodPidsLimit);
    }

    /// <summary>The pod's volumes.</summary>
    public PodVolumes Volumes { get; }

    /// <summary>What the pod uses of the node's disk.</summary>
    public PodStorage Storage { get; }

    /// <summary>The processes of the pod.</summary>
    public PidsCgroup Pids { get; }

    /// <summary>Whether the sandbox was created, even if it was removed later.</summary>
    public bool WasCreated => _fields is not null;

    /// <summary>Whether the sandbox is there now.</summary>
    public bool IsReady => _network is not null;

    /// <summary>The pod's address; kept when the sandbox is removed, <see cref="IPAddress.None"/> before it is created and on nodes without a pod network.</summary>
    public IPAddress Address { get; private set; } = IPAddress.None;

    /// <summary>The pod's fields for the downward API.</summary>
    /// <exception cref="InvalidOperationException">The sandbox was never created.</exception>
    public PodFields Fields => _fields ?? throw new InvalidOperationException($"the fields of pod {_pod.Key} are known once its sandbox is created");

    /// <summary>The files that the kubelet puts into <c>/etc</c> of every container.</summary>
    public IReadOnlyList<(string Name, string Content)> EtcFiles =>
    [
        ("hosts", HostsFile.Of(_pod.Document, Fields.PodAddress, _node.Shared.Networks.Domain)),
        ("hostname", PodFields.HostnameOf(_pod.Document) + "\n"),
        ("resolv.conf", new ResolverConfiguration(_pod.Document, _node.Shared.Networks.DnsAddress, _node.Shared.Networks.Domain).ToString()),
    ];

    // A pod whose sandbox is not there has no network either: never the machine's own.
    private IPodNetwork Network => _network ?? new NoPodNetwork(_pod.Document.Namespace ?? "", _pod.Document.Name, $"its sandbox on node {_node.Name} is not running");

    /// <summary>Mounts the volumes and creates the sandbox, if that is not done yet. A failure is recorded, and tried again later.</summary>
    /// <returns>Whether containers may start.</returns>
    public bool EnsureCreated() => MountVolumes() && Create();

    /// <summary>Returns the network of one container's process.</summary>
    public IContainerNetwork Join(string container) => Network.Join(container);

    /// <summary>Connects to a port of the pod from its node.</summary>
    public ValueTask<Stream> DialAsync(int port, CancellationToken cancellation) => Network is NoPodNetwork none
        ? throw none.Unreachable()
        : _node.Shared.Networks.DialFromNodeAsync(_node.Name, Address, port, cancellation);

    /// <summary>Takes over a newer version of the pod.</summary>
    /// <param name="live">The pod.</param>
    /// <param name="hasNewMetadata">Whether labels or annotations, which files may show, differ.</param>
    public void Update(Document live, bool hasNewMetadata)
    {
        if (_fields is not null)
            _fields = _fields with { Pod = live };
        if (!hasNewMetadata)
            return;
        if (_fields is not null)
            Volumes.SetFields(_fields);
        Volumes.Update(live);
    }

    /// <summary>Ends every stream of the pod and refuses new ones.</summary>
    public void Sever() => _network?.Sever();

    /// <summary>Detaches the network and leaves the files: the node has no power. A sync that is under way does not create the sandbox again.</summary>
    public void PowerOff() => _ = _network?.DisposeAsync().AsTask();

    /// <summary>Detaches the network and removes the pod's files.</summary>
    public void Remove()
    {
        if (_network is not { } network)
            return;
        _network = null;
        _ = network.DisposeAsync().AsTask();
        Volumes.Remove();
    }

    private bool MountVolumes()
    {
        if (_areVolumesMounted)
            return true;
        try
        {
            Volumes.Check();
            return _areVolumesMounted = true;
        }
        catch (VolumeException ex)
        {
            _events.RecordWarning(null, "FailedMount", ex.EventMessage);
            _queue.EnqueueAfter(_mountRetry);
            _mountRetry = _mountRetry * 2 < MountRetryMax ? _mountRetry * 2 : MountRetryMax;
            return false;
        }
    }

    private bool Create()
    {
        if (_network is not null)
            return true;
        var pod = _pod.Document;
        if (pod.Spec.At("hostNetwork").Flag(false))
        {
            _events.RecordWarning(null, "FailedCreatePodSandBox", "Failed to create pod sandbox: hostNetwork: true is not supported by the simulator; every pod has an address of its own");
            _queue.EnqueueAfterBackOff();
            return false;
        }
        _network = _node.Shared.Networks.Attach(new PodIdentity(pod.Namespace ?? "", pod.Name, pod.Uid, _node.Name, PodFields.HostnameOf(pod)));
        Address = _network.Address;
        _fields = new PodFields(pod, _network is NoPodNetwork ? "" : Address.ToString(), _node.Address, _node.Options.Cpu, _node.Options.Memory);
        Volumes.SetFields(_fields);
        return true;
    }
}
