using System.Collections.Immutable;
using System.Threading.Channels;
using ClusterSim.Client;
using ClusterSim.Scheduling.Framework;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling;

/// <summary>
/// Binds pods to the nodes they are assumed on, after what has to be done before (<c>bindingCycle</c> of <c>schedule_one.go</c>). Bindings are written
/// one after the other by <see cref="RunAsync"/>.
/// </summary>
internal sealed class BindingCycle(
    ApiClient client, SchedulerProfile profile, SchedulerCache cache, SchedulingQueue queue, SchedulerEvents events)
{
    private readonly ResourceType _pods = client.Resource("pods");
    private readonly Channel<AssumedPod> _toBind = Channel.CreateUnbounded<AssumedPod>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<ObjectKey, AssumedPod> _waitingOnPreBind = [];
    private int _binding;

    /// <summary>Whether no pod is to be bound now. Pods that wait for their volumes do not count.</summary>
    public bool IsIdle => Volatile.Read(ref _binding) == 0;

    /// <summary>Registers an assumed pod, so that its deletion from now on cancels its binding. Called with the cache's lock held.</summary>
    public AssumedPod Reserve(PodInfo pod, string nodeName, int attempts, CycleState state)
    {
        var preBind = profile.RunPreBindPreFlights(state);
        var assumed = new AssumedPod(pod.Pod, pod.Priority, nodeName, attempts, preBind, preBind.IsEmpty ? null : state);
        if (!preBind.IsEmpty)
            _waitingOnPreBind[pod.Pod.Key] = assumed;
        return assumed;
    }

    /// <summary>Cancels the binding of a deleted pod that waits for PreBind. Called with the cache's lock held.</summary>
    public void Unreserve(ObjectKey pod) => _waitingOnPreBind.Remove(pod);

    /// <summary>Starts to bind a pod. Called without the cache's lock.</summary>
    public void Start(AssumedPod assumed)
    {
        if (assumed.PreBind.IsEmpty)
        {
            Enqueue(assumed);
            return;
        }
        foreach (var plugin in assumed.PreBind)
            plugin.PreBind(assumed.State!, assumed.NodeName);
        BindIfPreBound(assumed);
    }

    /// <summary>Binds the pods whose PreBind is complete by now. Called without the cache's lock.</summary>
    public void BindPreBound()
    {
        List<AssumedPod> waiting;
        lock (cache.Lock)
            waiting = [.. _waitingOnPreBind.Values];
        foreach (var assumed in waiting)
            BindIfPreBound(assumed);
    }

    /// <summary>Writes bindings until the cluster stops.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                var assumed = await _toBind.Reader.ReadAsync(cancellation);
                try
                {
                    Bind(assumed);
                }
                finally
                {
                    Interlocked.Decrement(ref _binding);
                }
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The cluster stops.
        }
    }

    private void BindIfPreBound(AssumedPod assumed)
    {
        foreach (var plugin in assumed.PreBind)
            if (!plugin.IsPreBound(assumed.State!))
                return;
        lock (cache.Lock)
            if (!_waitingOnPreBind.Remove(assumed.Pod.Key))
                return;
        Enqueue(assumed);
    }

    private void Enqueue(AssumedPod assumed)
    {
        Interlocked.Increment(ref _binding);
        _toBind.Writer.TryWrite(assumed);
    }

    private void Bind(AssumedPod assumed)
    {
        var pod = assumed.Pod;
        try
        {
            profile.Bind.Bind(pod, assumed.NodeName);
            events.Normal(pod, "Scheduled", "Binding", $"Successfully assigned {pod.Namespace}/{pod.Name} to {assumed.NodeName}");
        }
        catch (Exception ex)
        {
            lock (cache.Lock)
                cache.RemovePod(pod.Key);
            if (ex is not KubernetesApiException { Code: 404 or 409 })
                events.Warning(pod, "FailedScheduling", "Scheduling", $"running Bind plugin \"{profile.Bind.Name}\": {ex.Message}");
            if (client.Server.Store.Find(_pods.GroupResource, pod.Key) is { } current && SchedulerProfile.AwaitsScheduling(current))
                queue.AddUnschedulable(
                    pod.Key, assumed.Priority, new HashSet<string>([profile.Bind.Name], StringComparer.Ordinal), assumed.Attempts + 1, SchedulingQueue.RetryAtOnce);
        }
    }
}

/// <summary>A pod that has a node and is not bound to it yet.</summary>
/// <param name="Pod">The pod.</param>
/// <param name="Priority">Its priority.</param>
/// <param name="NodeName">The node.</param>
/// <param name="Attempts">How often scheduling it has failed before.</param>
/// <param name="PreBind">The plugins that have work to do before it is bound.</param>
/// <param name="State">The state of its cycle; kept only for <paramref name="PreBind"/>.</param>
internal sealed record AssumedPod(Document Pod, int Priority, string NodeName, int Attempts, ImmutableArray<IPreBindPlugin> PreBind, CycleState? State);
