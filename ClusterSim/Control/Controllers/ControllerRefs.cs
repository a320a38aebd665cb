using System.Collections.Concurrent;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Patching;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers;

/// <summary>
/// Which objects belong to whom (<c>ControllerRefManager</c>): those that refer to the owner as their controller and match its selector;
/// matching ones without a controller are adopted, those that no longer match released. Objects without a controller are remembered, so
/// that nobody has to look through a whole namespace.
/// </summary>
internal sealed class ControllerRefs
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<ObjectKey, bool>> _orphans = new();
    private readonly ApiClient _client;
    private readonly ResourceType _resource;

    /// <summary>Registers with the informers.</summary>
    public ControllerRefs(ControllerContext context, ResourceType resource)
    {
        _client = context.Client;
        _resource = resource;
        context.Informers.Handle(resource, Remember);
    }

    /// <summary>The owner's objects, after adopting and releasing.</summary>
    public List<Document> Claim(Document owner, LabelSelector selector)
    {
        var snapshot = _client.Server.Store.Current(_resource.GroupResource);
        var claimed = new List<Document>();
        foreach (var document in snapshot.ControlledBy(owner.Uid))
        {
            if (selector.Matches(document.Labels))
                claimed.Add(document);
            else if (!owner.IsDeleting)
                Release(owner, document);
        }
        if (owner.IsDeleting || !_orphans.TryGetValue(owner.Namespace ?? "", out var orphans))
            return claimed;
        foreach (var key in orphans.Keys)
            if (snapshot.Find(key) is { ControllerUid: null, IsDeleting: false } orphan && selector.Matches(orphan.Labels) && Adopt(owner, orphan) is { } adopted)
                claimed.Add(adopted);
        return claimed;
    }

    private Document? Adopt(Document owner, Document orphan)
    {
        var references = orphan.Metadata.At("ownerReferences").Items().Select(reference => reference.ToObject()).Append(OwnerReferences.Controller(owner));
        return Patch(orphan, OwnerReferences.Patch(orphan, references));
    }

    private void Release(Document owner, Document document) => Patch(
        document,
        OwnerReferences.Patch(
            document,
            document.Metadata.At("ownerReferences").Items().Where(reference => reference.At("uid").Text() != owner.Uid).Select(reference => reference.ToObject())));

    private Document? Patch(Document document, System.Text.Json.Nodes.JsonObject patch)
    {
        try
        {
            return _client.Patch(_resource, document.Key, PatchType.Merge, patch);
        }
        catch (KubernetesApiException gone) when (gone.Code is 404 or 409)
        {
            return null;
        }
    }

    private void Remember(StoreEvent change)
    {
        var document = change.Document;
        var @namespace = _orphans.GetOrAdd(document.Namespace ?? "", static _ => new());
        if (change.Change == StoreChange.Deleted || document.ControllerUid is not null)
            @namespace.TryRemove(document.Key, out _);
        else
            @namespace[document.Key] = true;
    }
}
