using System.Collections.Immutable;
using ClusterSim.Client;
using ClusterSim.Scheduling.Framework;
using ClusterSim.Scheduling.Plugins;
using ClusterSim.Schema;
using ClusterSim.Storage;
using Microsoft.Extensions.Logging;

namespace ClusterSim.Scheduling;

/// <summary>
/// kube-scheduler with its default profile: assigns a node to each pod. One loop chooses nodes, another writes the bindings. A pod that fits no
/// node has the reason in its condition and in an event, in kube-scheduler's words, and may preempt pods of lower priority.
/// </summary>
internal sealed class Scheduler : IAsyncDisposable
{
    private readonly ControllerContext _context;
    private readonly ResourceType _pods;
    private readonly ResourceType _namespaces;
    private readonly SchedulingQueue _queue;
    private readonly ScheduleOne _scheduleOne;
    private readonly BindingCycle _bindingCycle;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _loops = [];

    /// <summary>A scheduler that does nothing before <see cref="Start"/>. Registers its informer handlers.</summary>
    public Scheduler(ControllerContext context)
    {
        _context = context;
        var client = context.Client;
        _pods = client.Resource("pods");
        _namespaces = client.Resource("namespaces");
        _queue = new SchedulingQueue(context.Clock);
        var events = new SchedulerEvents(client, SchedulerProfile.SchedulerName, context.Clock);
        var cache = new SchedulerCache();
        var nominator = new Nominator();
        var profile = SchedulerProfile.Default(client, cache, NamespaceLabels);
        var preemption = new DefaultPreemption(client, profile, cache, nominator, events, SchedulerProfile.SchedulerName, context.Clock);
        var algorithm = new SchedulingAlgorithm(profile, cache, nominator, client.Server.Random);
        var failureHandler = new FailureHandler(client, _queue, events, context.Clock);
        _bindingCycle = new BindingCycle(client, profile, cache, _queue, events);
        _scheduleOne = new ScheduleOne(profile, algorithm, preemption, cache, nominator, _queue, _bindingCycle, failureHandler);
        _ = new EventHandlers(context, profile, cache, nominator, _queue, _bindingCycle);
    }

    /// <summary>Starts to schedule.</summary>
    public void Start()
    {
        _context.Quiescence.Register(() => _queue.IsIdle && _bindingCycle.IsIdle);
        using (ExecutionContext.SuppressFlow())
        {
            _loops.Add(Task.Run(ScheduleAsync, CancellationToken.None));
            _loops.Add(Task.Run(() => _bindingCycle.RunAsync(_stop.Token), CancellationToken.None));
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
                var (key, moveRequestCycle) = await _queue.PopAsync(_stop.Token);
                try
                {
                    if (_context.Client.Server.Store.Find(_pods.GroupResource, key) is { } pod && SchedulerProfile.AwaitsScheduling(pod))
                        _scheduleOne.Run(pod, moveRequestCycle);
                }
                catch (Exception ex)
                {
                    // One pod's failure does not end the scheduler; the pod is retried as if it had not fit.
                    _context.Log.LogWarning(ex, "The scheduler failed on pod {Pod}; it will try again", key);
                    _queue.AddUnschedulable(key, 0, new HashSet<string>(StringComparer.Ordinal), 1, moveRequestCycle);
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

    private IReadOnlyDictionary<string, string> NamespaceLabels(string name) =>
        _context.Client.Server.Store.Find(_namespaces.GroupResource, new ObjectKey(null, name))?.Labels ?? ImmutableDictionary<string, string>.Empty;
}
