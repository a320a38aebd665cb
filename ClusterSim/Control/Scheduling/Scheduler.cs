using System.Threading.Channels;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;
using Microsoft.Extensions.Logging;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Scheduling;

/// <summary>
/// kube-scheduler's default profile: gives each pod a node. One loop chooses (filters, then scores), assumes the pod there and goes on; another
/// writes the bindings. A pod that no node takes is told why, in kube-scheduler's words, and may push out pods of lower priority.
/// </summary>
internal sealed partial class Scheduler : IAsyncDisposable
{
    private const string Name = "default-scheduler";

    private readonly ControllerContext _context;
    private readonly ApiClient _client;
    private readonly SchedulerEvents _events;
    private readonly Lock _lock = new();
    private readonly SchedulerCache _cache = new();
    private readonly SchedulingQueue _queue;
    private readonly Preemption _preemption;
    private readonly Channel<Decision> _decisions = Channel.CreateUnbounded<Decision>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<ObjectKey, Decision> _awaitingVolumes = [];
    private readonly Dictionary<ObjectKey, (PodInfo Pod, string Node)> _nominated = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _loops = [];
    private readonly ResourceType _pods;
    private readonly ResourceType _claims;
    private readonly ResourceType _namespaces;
    private int _nextNode;
    private int _binding;

    /// <summary>A scheduler that does nothing before <see cref="Start"/>.</summary>
    public Scheduler(ControllerContext context)
    {
        _context = context;
        _client = context.Client;
        _events = new SchedulerEvents(_client, Name, context.Clock);
        _queue = new SchedulingQueue(context.Clock);
        _pods = _client.Resource("pods");
        _claims = _client.Resource("persistentvolumeclaims");
        _namespaces = _client.Resource("namespaces");
        _preemption = new Preemption(_cache, _client.Server.Store, NamespaceLabels);
        context.Informers.Handle(_client.Resource("nodes"), NodeChanged);
        context.Informers.Handle(_pods, PodChanged);
        context.Informers.Handle(_claims, VolumesChanged);
        context.Informers.Handle(_client.Resource("persistentvolumes"), VolumesChanged);
        context.Informers.Handle(_client.Resource("storageclasses", "storage.k8s.io"), VolumesChanged);
    }

    /// <summary>Starts to schedule.</summary>
    public void Start()
    {
        _context.Quiescence.Register(() => _queue.IsIdle && Volatile.Read(ref _binding) == 0);
        using (ExecutionContext.SuppressFlow())
        {
            _loops.Add(Task.Run(ScheduleAsync, CancellationToken.None));
            _loops.Add(Task.Run(BindAsync, CancellationToken.None));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_loops);
        _queue.Dispose();
        _stop.Dispose();
    }

    private async Task ScheduleAsync()
    {
        try
        {
            while (true)
            {
                var (key, moves) = await _queue.TakeAsync(_stop.Token);
                try
                {
                    if (_client.Server.Store.Find(_pods.GroupResource, key) is { } pod && IsMine(pod))
                        Schedule(pod, moves);
                }
                catch (Exception failure)
                {
                    // The scheduler outlives a pod it stumbles over; the pod comes back like one that did not fit.
                    _context.Log.LogWarning(failure, "The scheduler failed on pod {Pod}; it will try again", key);
                    _queue.AddRefused(key, 0, new HashSet<string>(StringComparer.Ordinal), 1, moves);
                }
                finally
                {
                    _queue.Done();
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The cluster stops.
        }
    }

    private static bool IsMine(Document pod) =>
        pod.NodeName is null && !pod.IsDeleting && !pod.IsEnded() && pod.Spec.At("schedulerName").Text(Name) == Name;

    private void Schedule(Document pod, long moves)
    {
        if (pod.Spec.At("schedulingGates").Count() > 0)
        {
            WriteCondition(pod, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates");
            return;
        }
        Decision? decision = null;
        Refusal? refusal = null;
        lock (_lock)
        {
            if (_cache.WhereIs(pod.Key) is not null)
                return;
            var info = _cache.Read(pod);
            var volumes = VolumeBinding.Of(info, _client.Server.Store);
            if (Choose(info, volumes, out var rejections) is { } node)
            {
                _cache.Place(info, node.Name);
                _nominated.Remove(pod.Key);
                decision = new Decision(pod, info.Priority, node.Name, [.. volumes.Delayed], _queue.Attempts(pod.Key));
                if (decision.Claims.Count > 0)
                    _awaitingVolumes[pod.Key] = decision;
            }
            else
            {
                refusal = Refuse(info, volumes, rejections);
            }
        }
        if (decision is null)
        {
            TellRefusal(pod, refusal!, moves);
            return;
        }
        _queue.Forget(pod.Key);
        if (decision.Claims.Count == 0)
            Bind(decision);
        else
            AskForVolumes(decision);
    }

    /// <summary>
    /// The best of enough nodes. In a large cluster not all are looked at (<c>percentageOfNodesToScore</c>: 50 % less one for each 125 nodes, at
    /// least 5 %, at least 100 nodes); the next pod begins where this one ended.
    /// </summary>
    private NodeInfo? Choose(PodInfo pod, VolumeBinding volumes, out Dictionary<NodeInfo, Rejection> rejections)
    {
        rejections = [];
        if (volumes.Impossible is not null)
            return null;
        var nodes = _cache.Nodes;
        var needsCounts = !pod.Spread.IsEmpty || pod.HasTerms || _cache.WithTerms > 0;
        var state = new PlacementState(pod, needsCounts ? nodes : [], _cache.WithTerms > 0, NamespaceLabels);
        var enough = nodes.Count < 100 ? nodes.Count : Math.Max(100, nodes.Count * Math.Max(5, 50 - (nodes.Count / 125)) / 100);
        var feasible = new List<NodeInfo>(Math.Min(enough, nodes.Count));
        var looked = 0;
        for (; looked < nodes.Count && feasible.Count < enough; looked++)
        {
            var node = nodes[(_nextNode + looked) % nodes.Count];
            var (reserved, reservedPods) = ReservedOn(node, pod);
            if (Filters.Run(pod, node, state, volumes, reserved, reservedPods) is { } rejection)
                rejections[node] = rejection;
            else
                feasible.Add(node);
        }
        if (nodes.Count > 0)
            _nextNode = (_nextNode + looked) % nodes.Count;
        if (feasible.Count == 0)
            return null;
        if (_nominated.TryGetValue(pod.Pod.Key, out var nominated) && feasible.Find(node => node.Name == nominated.Node) is { } promised)
            return promised;
        return Scores.Best(pod, feasible, state, nodes.Count, _client.Server.Random);
    }

    private (ResourceAmounts Amounts, int Pods) ReservedOn(NodeInfo node, PodInfo pod)
    {
        if (_nominated.Count == 0)
            return (ResourceAmounts.Zero, 0);
        var amounts = ResourceAmounts.Zero;
        var pods = 0;
        foreach (var (key, (other, where)) in _nominated)
            if (where == node.Name && other.Priority >= pod.Priority && key != pod.Pod.Key)
            {
                amounts += other.Requests;
                pods++;
            }
        return (amounts, pods);
    }

    private void AskForVolumes(Decision decision)
    {
        foreach (var claim in decision.Claims)
            _client.Change(_claims, claim.Key, @object =>
            {
                @object.Ensure("metadata").Ensure("annotations")[PersistentVolumeClaims.SelectedNode] = decision.Node;
                return true;
            });
        BindIfVolumesAreThere(decision);
    }

    private void BindIfVolumesAreThere(Decision decision)
    {
        var store = _client.Server.Store;
        if (!decision.Claims.TrueForAll(claim => store.Find(claim.Resource, claim.Key) is { } now && now.Status.At("phase").Text() == "Bound"))
            return;
        lock (_lock)
            if (!_awaitingVolumes.Remove(decision.Pod.Key))
                return;
        Bind(decision);
    }

    private void Bind(Decision decision)
    {
        Interlocked.Increment(ref _binding);
        _decisions.Writer.TryWrite(decision);
    }

    private async Task BindAsync()
    {
        try
        {
            while (true)
            {
                var decision = await _decisions.Reader.ReadAsync(_stop.Token);
                try
                {
                    Write(decision);
                }
                finally
                {
                    Interlocked.Decrement(ref _binding);
                }
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The cluster stops.
        }
    }

    private void Write(Decision decision)
    {
        var pod = decision.Pod;
        try
        {
            _client.CreateSubresource(_pods, pod.Key, "binding", Object(
                ("apiVersion", "v1"),
                ("kind", "Binding"),
                ("metadata", Object(("name", pod.Name), ("namespace", pod.Namespace), ("uid", pod.Uid))),
                ("target", Object(("kind", "Node"), ("name", decision.Node)))));
            _events.Normal(pod, "Scheduled", "Binding", $"Successfully assigned {pod.Namespace}/{pod.Name} to {decision.Node}");
        }
        catch (Exception refused)
        {
            lock (_lock)
                _cache.Remove(pod.Key);
            if (refused is not KubernetesApiException { Code: 404 or 409 })
                _events.Warning(pod, "FailedScheduling", "Scheduling", $"running Bind plugin \"DefaultBinder\": {refused.Message}");
            if (_client.Server.Store.Find(_pods.GroupResource, pod.Key) is { } left && IsMine(left))
                _queue.AddRefused(pod.Key, decision.Priority, new HashSet<string>(["DefaultBinder"], StringComparer.Ordinal), decision.Attempts + 1, -1);
        }
    }

    private IReadOnlyDictionary<string, string> NamespaceLabels(string name) =>
        _client.Server.Store.Find(_namespaces.GroupResource, new ObjectKey(null, name))?.Labels ?? System.Collections.Immutable.ImmutableDictionary<string, string>.Empty;

    private sealed record Decision(Document Pod, int Priority, string Node, List<Document> Claims, int Attempts);
}
