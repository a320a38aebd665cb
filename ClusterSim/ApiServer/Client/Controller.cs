using ClusterSim.Objects;
using ClusterSim.Schema;
using ClusterSim.Storage;
using Microsoft.Extensions.Logging;

namespace ClusterSim.Client;

/// <summary>
/// A level-triggered controller: changes put keys into a queue; workers reconcile what is with what is asked for. A reconcile that throws
/// is tried again after a back-off; one that was overtaken by another writer (409) likewise, silently.
/// </summary>
internal abstract class Controller : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _workers = [];

    /// <summary>A controller that does nothing before <see cref="Start"/>. The constructor registers its informer handlers.</summary>
    protected Controller(ControllerContext context)
    {
        Context = context;
        Queue = new WorkQueue<ObjectKey>(context.Clock);
    }

    /// <summary>What it works with.</summary>
    protected ControllerContext Context { get; }

    /// <summary>The API.</summary>
    protected ApiClient Client => Context.Client;

    /// <summary>What is to be reconciled.</summary>
    protected WorkQueue<ObjectKey> Queue { get; }

    /// <summary>The time.</summary>
    protected DateTimeOffset Now => Context.Clock.GetUtcNow();

    /// <summary>
    /// All objects of a resource as they are now: what a shared informer's cache is to kube-controller-manager, whose own identity may read
    /// everything. Writes are authorized under the controller's.
    /// </summary>
    protected StoreSnapshot Current(ResourceType resource) => Client.Server.Store.Current(resource.GroupResource);

    /// <summary>Reconciles each object of a resource that changes.</summary>
    protected void ForEach(ResourceType resource) => Context.Informers.Handle(resource, change => Queue.Add(change.Document.Key));

    /// <summary>Reconciles the controlling owner, of this kind, of each object of a resource that changes; the one before a change of owner too.</summary>
    protected void ForOwners(ResourceType resource, string ownerKind) => Context.Informers.Handle(resource, change =>
    {
        Add(change.Document);
        if (change.Previous is { } before && before.ControllerUid != change.Document.ControllerUid)
            Add(before);

        void Add(Document document)
        {
            if (OwnerReferences.ControllerOf(document) is { } owner && owner.Kind == ownerKind)
                Queue.Add(new ObjectKey(document.Namespace, owner.Name));
        }
    });

    /// <summary>Reconciles the objects of <paramref name="owners"/> whose selector matches an object of a resource that has no controller.</summary>
    protected void ForOrphans(ResourceType resource, ResourceType owners, Func<Document, LabelSelector> selector) => Context.Informers.Handle(resource, change =>
    {
        if (change.Document.ControllerUid is not null || change.Change == StoreChange.Deleted)
            return;
        foreach (var owner in Current(owners).All(change.Document.Namespace))
            if (selector(owner).Matches(change.Document.Labels))
                Queue.Add(owner.Key);
    });

    /// <summary>How many keys are worked on at once.</summary>
    protected virtual int Workers => 2;

    /// <summary>
    /// Makes what is what is asked for, for one object; it may be gone. Never waits for the world: it returns, and is called again when
    /// something changed, or after the time it returns.
    /// </summary>
    /// <returns>When to look again even if nothing changes; null for never.</returns>
    protected abstract TimeSpan? Reconcile(ObjectKey key);

    /// <summary>Starts the workers.</summary>
    public virtual void Start()
    {
        Context.Quiescence.Register(() => Queue.IsIdle);
        using (ExecutionContext.SuppressFlow())
            for (var i = 0; i < Workers; i++)
                _workers.Add(Task.Run(WorkAsync, CancellationToken.None));
    }

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        Queue.Dispose();
        await Task.WhenAll(_workers);
        _stop.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task WorkAsync()
    {
        try
        {
            while (true)
                Work(await Queue.TakeAsync(_stop.Token));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The cluster stops.
        }
    }

    private void Work(ObjectKey key)
    {
        try
        {
            var again = Reconcile(key);
            Queue.Forget(key);
            if (again is { } delay)
                Queue.AddAfter(key, delay);
        }
        catch (KubernetesApiException stale) when (stale.Code is 409 or 404)
        {
            Queue.AddOvertaken(key);
        }
        catch (Exception failure)
        {
            // A controller outlives what it stumbles over, as kube-controller-manager does.
            Context.Log.LogWarning("{Controller} failed to reconcile {Key}; it will try again: {Reason}", GetType().Name, key, failure.Message);
            Context.Log.LogDebug(failure, "{Controller} {Key}", GetType().Name, key);
            Queue.AddRateLimited(key);
        }
        finally
        {
            Queue.Done(key);
        }
    }
}
