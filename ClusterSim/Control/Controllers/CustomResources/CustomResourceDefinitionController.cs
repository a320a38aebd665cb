using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Client;
using ClusterSim.CustomResources;
using ClusterSim.Objects;
using ClusterSim.Registry.Subresources;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.CustomResources;

/// <summary>
/// Acts on CustomResourceDefinitions: accepts their names, serves their resources, and at the end removes their objects (the controllers of
/// <c>apiextensions-apiserver</c>: naming, establishing, finalizer, discovery). What a definition says is served before its conditions tell so.
/// </summary>
internal sealed class CustomResourceDefinitionController : Controller
{
    private readonly ResourceType _definitions;
    private readonly TypeSchema _types;
    private readonly UserInfo _user;
    private readonly ScaleSubresource _scale;
    private readonly Dictionary<string, Served> _served = new(StringComparer.Ordinal);

    /// <summary>A controller of CustomResourceDefinitions; <paramref name="user"/> is the client's identity.</summary>
    public CustomResourceDefinitionController(ControllerContext context, TypeSchema types, UserInfo user)
        : base(context)
    {
        _types = types;
        _user = user;
        _definitions = Client.Resource("customresourcedefinitions", "apiextensions.k8s.io");
        _scale = new ScaleSubresource(Client.Server);
        ForEach(_definitions);
        context.Informers.HandleCustom(change =>
        {
            var definition = new ObjectKey(null, change.Document.Resource.ToString());
            if (change.Change == StoreChange.Deleted && Current(_definitions).Find(definition) is { IsDeleting: true })
                Queue.Add(definition);
        });
    }

    /// <inheritdoc/>
    protected override int Workers => 1;

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        foreach (var served in _served.Values)
            served.End();
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_definitions).Find(key) is not { } definition)
        {
            Unserve(key.Name);
            // Its names are free again.
            RequeueGroup(key.Name[(key.Name.IndexOf('.', StringComparison.Ordinal) + 1)..], key.Name);
            return null;
        }
        var status = definition.Status.ToObject();
        var names = definition.Spec.At("names");
        var accepted = AcceptedNames.Of(definition, Current(_definitions).All());
        if (definition.IsDeleting)
        {
            if (_served.ContainsKey(key.Name))
                Serve(definition, accepted.Names.ToElement());
            return Finish(definition);
        }
        if (accepted.Reason is null || Conditions.Find(status, "Established")?.Text("status") == "True")
            Serve(definition, accepted.Names.ToElement());
        var freed = !JsonElement.DeepEquals(definition.Status.At("acceptedNames").ToObject().ToElement(), accepted.Names.ToElement());
        Client.Change(_definitions, key, @object =>
        {
            var written = @object.Ensure("status");
            var before = written.DeepClone();
            written["acceptedNames"] = accepted.Names.DeepClone();
            if (accepted.Reason is { } conflict)
            {
                Conditions.Set(written, "NamesAccepted", "False", conflict, accepted.Message, Now);
                if (Conditions.Find(written, "Established") is null)
                    Conditions.Set(written, "Established", "False", "NotAccepted", "not all names are accepted", Now);
            }
            else
            {
                Conditions.Set(written, "NamesAccepted", "True", "NoConflicts", "no conflicts found", Now);
                Conditions.Set(written, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted", Now);
            }
            return !JsonNode.DeepEquals(before, written);
        }, "status");
        if (freed)
            RequeueGroup(definition.Spec.At("group").Text(""), key.Name);
        return null;
    }

    private void RequeueGroup(string group, string except)
    {
        foreach (var other in Current(_definitions).All())
            if (other.Name != except && other.Spec.At("group").Text() == group)
                Queue.Add(other.Key);
    }

    private void Serve(Document definition, JsonElement names)
    {
        var identity = $"{definition.Uid} {definition.Metadata.At("generation").Integer(0)} {definition.IsDeleting} {names.GetRawText()}";
        _served.TryGetValue(definition.Name, out var before);
        if (before?.Identity == identity)
            return;
        var group = definition.Spec.At("group").Text("");
        var resource = new GroupResource(group, names.At("plural").Text(""));
        if (Client.Server.Catalog.BuiltIn.Any(type => type.GroupResource == resource))
            return;
        var types = definition.Spec.At("versions").Items()
            .Where(version => version.At("served").Flag(false) || version.At("storage").Flag(false))
            .Select(version => (Version: version, Type: CustomResourceTypes.Read(definition.Root, version, names, _types)))
            .ToList();
        var served = new Served(identity, resource, [.. types.Select(type => type.Type.CustomVersion()!)]);
        _served[definition.Name] = served;
        Client.Server.Add(resource, "scale", _scale);
        Client.Server.Catalog.Put(
            types.Find(type => type.Version.At("storage").Flag(false)).Type,
            [.. types.Where(type => type.Version.At("served").Flag(false)).Select(type => type.Type)]);
        before?.End();
    }

    private void Unserve(string definition)
    {
        if (!_served.Remove(definition, out var served))
            return;
        Client.Server.Catalog.Remove(served.Resource);
        served.End();
    }

    /// <summary>Removes the objects of a definition that is being deleted; when none is left, what holds the definition itself.</summary>
    private TimeSpan? Finish(Document definition)
    {
        if (!definition.Metadata.At("finalizers").Items().Any(name => name.Text() == CustomResourceDefinitionStrategy.Finalizer))
            return null;
        if (_served.TryGetValue(definition.Name, out var served))
        {
            SetTerminating(definition, "True", "InstanceDeletionInProgress", "CustomResource deletion is in progress");
            var left = Client.Server.Store.Current(served.Resource);
            if (left.All().Any() && Client.Server.Catalog.Stored(served.Resource) is { } type)
                foreach (var @namespace in left.All().Select(document => document.Namespace).Distinct().ToList())
                    Client.Server.DeleteCollection(new RequestTarget(_user, type, @namespace, null), ListOptions.All, DeleteOptions.None);
            if (Client.Server.Store.Current(served.Resource).All().Any())
                return TimeSpan.FromSeconds(5);
            SetTerminating(definition, "False", "InstanceDeletionCompleted", "removed all instances");
        }
        else
        {
            SetTerminating(definition, "False", "NeverEstablished", "resource was never established");
        }
        Unserve(definition.Name);
        Client.Change(_definitions, definition.Key, @object =>
        {
            var metadata = @object.Ensure("metadata");
            if (metadata["finalizers"] is not JsonArray finalizers)
                return false;
            metadata["finalizers"] = new JsonArray([.. finalizers.Where(name => (string?)name != CustomResourceDefinitionStrategy.Finalizer).Select(name => name?.DeepClone())]);
            return true;
        });
        return null;
    }

    private void SetTerminating(Document definition, string value, string reason, string message) => Client.Change(
        _definitions, definition.Key, @object => Conditions.Set(@object.Ensure("status"), "Terminating", value, reason, message, Now), "status");

    private sealed record Served(string Identity, GroupResource Resource, IReadOnlyList<CustomResourceVersion> Versions)
    {
        public void End()
        {
            foreach (var version in Versions)
                version.Dispose();
        }
    }
}
