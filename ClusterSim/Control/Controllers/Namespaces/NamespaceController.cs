using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Namespaces;

/// <summary>
/// Empties a namespace that is being deleted, tells in its conditions what is left, and takes the <c>kubernetes</c> finalizer off at the end
/// (<c>pkg/controller/namespace</c>).
/// </summary>
internal sealed class NamespaceController : Controller
{
    private const string Finalizer = "kubernetes";
    private readonly ResourceType _namespaces;
    private readonly UserInfo _user;

    /// <summary>A controller of Namespaces; <paramref name="user"/> is the client's identity.</summary>
    public NamespaceController(ControllerContext context, UserInfo user)
        : base(context)
    {
        _user = user;
        _namespaces = Client.Resource("namespaces");
        ForEach(_namespaces);
        // Rather than guess how long the content takes to go, as the real one does, look when something has gone.
        foreach (var resource in Contents())
            context.Informers.Handle(resource, Gone);
        context.Informers.HandleCustom(Gone);

        void Gone(StoreEvent change)
        {
            if (change.Change == StoreChange.Deleted
                && Current(_namespaces).Find(new ObjectKey(null, change.Document.Namespace ?? "")) is { IsDeleting: true } ending)
                Queue.Add(ending.Key);
        }
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_namespaces).Find(key) is not { IsDeleting: true } ending)
            return null;
        if (ending.Spec.At("finalizers").Count() == 0)
        {
            Client.Delete(_namespaces, key);
            return null;
        }
        var failures = new List<string>();
        foreach (var resource in Contents())
        {
            if (Current(resource).CountIn(ending.Name) == 0)
                continue;
            try
            {
                Client.Server.DeleteCollection(new RequestTarget(_user, resource, ending.Name, null), ListOptions.All, new DeleteOptions { PropagationPolicy = "Background" });
            }
            catch (KubernetesApiException refused)
            {
                failures.Add(refused.Message);
            }
        }
        var left = Contents().Select(resource => (Resource: resource, Objects: Current(resource).All(ending.Name).ToList())).Where(one => one.Objects.Count > 0).ToList();
        WriteConditions(ending, left, failures);
        if (left.Count == 0 && failures.Count == 0)
        {
            Finalize(ending);
            return null;
        }
        return failures.Count > 0 ? TimeSpan.FromSeconds(5) : null;
    }

    private IEnumerable<ResourceType> Contents() => Client.Server.Catalog.All
        .Where(resource => resource.Namespaced && resource.Verbs.Contains("delete", StringComparer.Ordinal) && resource.Verbs.Contains("list", StringComparer.Ordinal))
        .DistinctBy(resource => resource.GroupResource);

    private void Finalize(Document ending)
    {
        if (Current(_namespaces).Find(ending.Key) is not { } live)
            return;
        var @object = live.ToObject();
        var finalizers = live.Spec.At("finalizers").Items().Select(item => item.Text("")).Where(name => name != Finalizer);
        @object.Ensure("spec")["finalizers"] = new JsonArray([.. finalizers.Select(name => JsonValue.Create(name))]);
        Client.Update(_namespaces, @object, "finalize");
        if (Current(_namespaces).Find(ending.Key) is { IsDeleting: true } emptied && emptied.Spec.At("finalizers").Count() == 0)
            Client.Delete(_namespaces, ending.Key);
    }

    private void WriteConditions(Document ending, List<(ResourceType Resource, List<Document> Objects)> left, List<string> failures)
    {
        var now = Now;
        Client.Change(_namespaces, ending.Key, @object =>
        {
            var status = @object.Ensure("status");
            var before = status.DeepClone();
            Conditions.Set(status, "NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered", now);
            Conditions.Set(status, "NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions", "All legacy kube types successfully parsed", now);
            if (failures.Count > 0)
                Conditions.Set(status, "NamespaceDeletionContentFailure", "True", "ContentDeletionFailed",
                    $"Failed to delete all resource types, {failures.Count} remaining: {string.Join(", ", failures.Order(StringComparer.Ordinal))}", now);
            else
                Conditions.Set(status, "NamespaceDeletionContentFailure", "False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization", now);
            if (left.Count > 0)
                Conditions.Set(status, "NamespaceContentRemaining", "True", "SomeResourcesRemain",
                    $"Some resources are remaining: {string.Join(", ", left.Select(one => $"{Dotted(one.Resource)} has {one.Objects.Count} resource instances").Order(StringComparer.Ordinal))}", now);
            else
                Conditions.Set(status, "NamespaceContentRemaining", "False", "ContentRemoved", "All content successfully removed", now);
            var held = left.SelectMany(one => one.Objects).SelectMany(one => one.Metadata.At("finalizers").Items().Select(item => item.Text("")))
                .GroupBy(name => name, StringComparer.Ordinal).Select(group => $"{group.Key} in {group.Count()} resource instances").Order(StringComparer.Ordinal).ToList();
            if (held.Count > 0)
                Conditions.Set(status, "NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", $"Some content in the namespace has finalizers remaining: {string.Join(", ", held)}", now);
            else
                Conditions.Set(status, "NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers", "All content-preserving finalizers finished", now);
            return !JsonNode.DeepEquals(before, status);
        }, "status");
    }

    private static string Dotted(ResourceType resource) => $"{resource.Name}.{resource.Group}";
}
