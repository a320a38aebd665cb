using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Patching;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;
using Microsoft.Extensions.Logging;

namespace ClusterSim.Controllers.GarbageCollection;

/// <summary>
/// Deletes what has lost its owners, and carries out the deletions that wait for dependents (<c>pkg/controller/garbagecollector</c>):
/// background (the owner is gone, so its dependents go), foreground (the owner waits under the finalizer <c>foregroundDeletion</c> for those
/// that block it), orphan (under <c>orphan</c>, dependents are freed of the owner first).
/// </summary>
internal sealed class GarbageCollector : IAsyncDisposable
{
    private const string ForegroundFinalizer = "foregroundDeletion";
    private const string OrphanFinalizer = "orphan";
    private const int Workers = 4;

    private readonly ControllerContext _context;
    private readonly ApiClient _client;
    private readonly OwnerGraph _graph = new();
    private readonly WorkQueue<ObjectReference> _queue;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _workers = [];
    private readonly HashSet<GroupResource> _watched = [];

    /// <summary>A collector of everything that can be deleted.</summary>
    public GarbageCollector(ControllerContext context)
    {
        _context = context;
        _client = context.Client;
        _queue = new WorkQueue<ObjectReference>(context.Clock);
        foreach (var resource in _client.Server.Catalog.All)
            Watch(resource);
        context.Informers.HandleCustom(change =>
        {
            lock (_watched)
                _watched.Add(change.Document.Resource);
            Follow(change);
        });
    }

    /// <summary>Starts the workers.</summary>
    public void Start()
    {
        _context.Quiescence.Register(() => _queue.IsIdle);
        using (ExecutionContext.SuppressFlow())
            for (var i = 0; i < Workers; i++)
                _workers.Add(Task.Run(WorkAsync, CancellationToken.None));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _queue.Dispose();
        await Task.WhenAll(_workers);
        _stop.Dispose();
    }

    private void Watch(ResourceType resource)
    {
        if (!resource.Verbs.Contains("delete", StringComparer.Ordinal) || !resource.Verbs.Contains("watch", StringComparer.Ordinal) || resource.Name == "events")
            return;
        lock (_watched)
            if (!_watched.Add(resource.GroupResource))
                return;
        _context.Informers.Handle(resource, Follow);
    }

    private void Follow(StoreEvent change)
    {
        _graph.Follow(change);
        var document = change.Document;
        if (change.Change == StoreChange.Deleted)
        {
            foreach (var dependent in _graph.DependentsOf(document.Uid))
                _queue.Add(dependent);
            // An owner that waits for it may be waiting for nothing more.
            foreach (var owner in document.Metadata.At("ownerReferences").Items())
                if (Owner(document, owner) is { IsDeleting: true } waiting)
                    _queue.Add(new ObjectReference(waiting.Resource, waiting.Key));
            return;
        }
        if (document.IsDeleting && (document.HasFinalizer(ForegroundFinalizer) || document.HasFinalizer(OrphanFinalizer)))
            _queue.Add(new ObjectReference(document.Resource, document.Key));
        // An owner it was freed from may have been waiting for it.
        if (change.Previous is { } before)
            foreach (var former in before.Metadata.At("ownerReferences").Items())
                if (Owner(before, former) is { } freed && IsWaiting(freed))
                    _queue.Add(new ObjectReference(freed.Resource, freed.Key));
        if (document.Metadata.At("ownerReferences").Count() == 0)
            return;
        foreach (var owner in document.Metadata.At("ownerReferences").Items())
            if (Owner(document, owner) is not { } present || IsWaiting(present))
            {
                _queue.Add(new ObjectReference(document.Resource, document.Key));
                if (Owner(document, owner) is { } waiting)
                    _queue.Add(new ObjectReference(waiting.Resource, waiting.Key));
            }
    }

    private async Task WorkAsync()
    {
        try
        {
            while (true)
                Work(await _queue.TakeAsync(_stop.Token));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The cluster stops.
        }
    }

    private void Work(ObjectReference item)
    {
        try
        {
            Collect(item);
            _queue.Forget(item);
        }
        catch (KubernetesApiException overtaken) when (overtaken.Code is 409 or 404)
        {
            _queue.AddOvertaken(item);
        }
        catch (Exception failure)
        {
            _context.Log.LogWarning(failure, "The garbage collector failed on {Item}; it will try again", item);
            _queue.AddRateLimited(item);
        }
        finally
        {
            _queue.Done(item);
        }
    }

    private void Collect(ObjectReference item)
    {
        if (_client.Server.Catalog.Stored(item.Resource) is not { } resource || _client.Server.Store.Find(item.Resource, item.Key) is not { } document)
            return;
        if (document.IsDeleting)
        {
            if (document.HasFinalizer(OrphanFinalizer))
                FreeDependents(resource, document);
            else if (document.HasFinalizer(ForegroundFinalizer))
                WaitForDependents(resource, document);
            return;
        }
        var references = document.Metadata.At("ownerReferences").Items().ToList();
        if (references.Count == 0)
            return;
        var solid = new List<JsonElement>();
        var waiting = new List<JsonElement>();
        foreach (var reference in references)
        {
            var owner = Owner(document, reference);
            // Of a kind that nobody serves (now), nobody knows whether it is gone.
            if (owner is null ? KindOf(reference) is null : !IsWaiting(owner))
                solid.Add(reference);
            else if (owner is not null)
                (reference.At("blockOwnerDeletion").Flag(false) ? waiting : solid).Add(reference);
        }
        if (solid.Count > 0)
        {
            if (solid.Count < references.Count)
                _client.Patch(resource, document.Key, PatchType.Merge, OwnerReferences.Patch(document, solid.Select(reference => reference.ToObject())));
            return;
        }
        var dependents = Dependents(document);
        // In a circle, each would wait for the next: who finds that a dependent waits already holds its owners up no longer.
        if (waiting.Count > 0 && dependents.Any(dependent => IsWaiting(dependent.Document)))
            _client.Patch(resource, document.Key, PatchType.Merge, OwnerReferences.Patch(document, references.Select(reference =>
            {
                var unblocked = reference.ToObject();
                unblocked["blockOwnerDeletion"] = false;
                return unblocked;
            })));
        var policy = waiting.Count > 0 && dependents.Count > 0 ? "Foreground"
            : document.HasFinalizer(OrphanFinalizer) ? "Orphan"
            : document.HasFinalizer(ForegroundFinalizer) ? "Foreground" : "Background";
        _client.Delete(resource, document.Key, new DeleteOptions { PropagationPolicy = policy, PreconditionUid = document.Uid });
    }

    private void WaitForDependents(ResourceType resource, Document document)
    {
        var blocking = Dependents(document).Where(dependent => Blocks(dependent.Document, document.Uid)).ToList();
        if (blocking.Count == 0)
        {
            RemoveFinalizer(resource, document, ForegroundFinalizer);
            return;
        }
        foreach (var (reference, dependent) in blocking)
            if (!dependent.IsDeleting)
                _queue.Add(reference);
    }

    private void FreeDependents(ResourceType resource, Document owner)
    {
        foreach (var (reference, dependent) in Dependents(owner))
        {
            if (_client.Server.Catalog.Stored(reference.Resource) is not { } type)
                continue;
            var left = dependent.Metadata.At("ownerReferences").Items().Where(one => one.At("uid").Text() != owner.Uid).Select(one => one.ToObject());
            try
            {
                _client.Patch(type, dependent.Key, PatchType.Merge, OwnerReferences.Patch(dependent, left));
            }
            catch (KubernetesApiException gone) when (gone.Code == 404)
            {
                // Nothing left to free.
            }
        }
        RemoveFinalizer(resource, owner, OrphanFinalizer);
    }

    /// <summary>
    /// The dependents as they are now. The graph follows the informers and may lag; what has a controlling owner is also found in the store's
    /// index, which never does, so that an owner does not go before a dependent made just now.
    /// </summary>
    private List<(ObjectReference Reference, Document Document)> Dependents(Document owner)
    {
        var found = new Dictionary<ObjectReference, Document>();
        foreach (var reference in _graph.DependentsOf(owner.Uid))
            if (_client.Server.Store.Find(reference.Resource, reference.Key) is { } dependent && OwnerGraph.Owners(dependent).Contains(owner.Uid))
                found[reference] = dependent;
        List<GroupResource> watched;
        lock (_watched)
            watched = [.. _watched];
        foreach (var resource in watched)
            foreach (var dependent in _client.Server.Store.Current(resource).ControlledBy(owner.Uid))
                found[new ObjectReference(resource, dependent.Key)] = dependent;
        return [.. found.Select(one => (one.Key, one.Value))];
    }

    private void RemoveFinalizer(ResourceType resource, Document document, string finalizer) => _client.Change(resource, document.Key, @object =>
    {
        var metadata = @object.Ensure("metadata");
        if (metadata.Text("uid") != document.Uid || metadata["finalizers"] is not JsonArray finalizers)
            return false;
        var left = finalizers.Where(one => one!.GetValue<string>() != finalizer).Select(one => one!.DeepClone()).ToArray();
        if (left.Length == finalizers.Count)
            return false;
        if (left.Length == 0)
            metadata.Remove("finalizers");
        else
            metadata["finalizers"] = new JsonArray(left);
        return true;
    });

    private static bool IsWaiting(Document owner) => owner.IsDeleting && owner.HasFinalizer(ForegroundFinalizer);

    private static bool Blocks(Document dependent, string ownerUid)
    {
        foreach (var reference in dependent.Metadata.At("ownerReferences").Items())
            if (reference.At("uid").Text() == ownerUid && reference.At("blockOwnerDeletion").Flag(false))
                return true;
        return false;
    }

    private ResourceType? KindOf(JsonElement reference)
    {
        var (group, version) = GroupVersion.Parse(reference.At("apiVersion").Text(""));
        return _client.Server.Catalog.Find(new GroupVersionKind(group, version, reference.At("kind").Text("")));
    }

    /// <summary>The owner a reference names; null where it is absent, or another object has its name.</summary>
    private Document? Owner(Document dependent, JsonElement reference)
    {
        if (KindOf(reference) is not { } resource)
            return null;
        var key = new ObjectKey(resource.Namespaced ? dependent.Namespace : null, reference.At("name").Text(""));
        return _client.Server.Store.Find(resource.GroupResource, key) is { } owner && owner.Uid == reference.At("uid").Text() ? owner : null;
    }
}
