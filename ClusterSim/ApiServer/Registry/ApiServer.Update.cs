using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Admission;
using ClusterSim.CustomResources;
using ClusterSim.Patching;
using ClusterSim.Requests;
using ClusterSim.Storage;
using ClusterSim.Validation;

namespace ClusterSim.Registry;

internal sealed partial class ApiServer
{
    private static readonly IReadOnlyList<string> MetadataOfTheServer = ["creationTimestamp", "generation", "selfLink"];

    /// <summary>Replaces an object (PUT), or a subresource of it.</summary>
    public WriteResult Update(in RequestTarget target, JsonObject @object, WriteOptions options)
    {
        Authorize(target, "update");
        if (target.Subresource is { } sub && Subresource(target.Resource.GroupResource, sub) is { } special)
            return special.Update(target, @object, options);
        var here = target;
        // Before the object is looked for, which there need not be.
        Place(target, @object.Ensure("metadata"));
        return GuaranteedUpdateOrCreate(target, live => live is null && StrategyOf(here).AllowCreateOnUpdate && here.Subresource is null
            ? CreateOnUpdate(here, @object, options)
            : Replace(here, live ?? throw KubernetesApiException.NotFound(here.Resource.GroupResource, here.Name ?? ""), (JsonObject)@object.DeepClone(), options));
    }

    /// <summary>
    /// Changes an object by a JSON, merge or strategic merge patch. <paramref name="decode"/> gives the patched object the treatment of a
    /// request body: types checked, unknown fields refused or dropped.
    /// </summary>
    public WriteResult Patch(in RequestTarget target, PatchType type, ReadOnlyMemory<byte> patch, WriteOptions options, Func<JsonObject, JsonObject>? decode = null)
    {
        Authorize(target, "patch");
        var here = target;
        if (target.Subresource is { } sub && Subresource(target.Resource.GroupResource, sub) is { } special)
        {
            // A patch that names a resourceVersion of its own is not retried.
            var isUnconditional = true;
            return Retry.OnError(Retry.DefaultSteps, ex => isUnconditional && ex is KubernetesApiException { Reason: "Conflict" }, () =>
            {
                var current = special.Get(here);
                var patched = Fields.Patch(current.ToElement(), type, patch, here.Resource.Subresources[sub].Kind);
                isUnconditional = (patched["metadata"] as JsonObject).Text("resourceVersion") == (current["metadata"] as JsonObject).Text("resourceVersion");
                return special.Update(here, decode is null ? patched : decode(patched), options);
            });
        }
        return GuaranteedUpdate(target, live =>
        {
            var patched = Fields.Patch(InRequestVersion(here, live), type, patch, here.Resource.GroupVersionKind);
            return Replace(here, live, ToStored(here, decode is null ? patched : decode(patched)), options, isPatch: true);
        });
    }

    /// <summary>
    /// Server-side apply: creates the object, or merges the configuration into it. The configuration is taken as it was sent, since what
    /// it says is what the applier owns; <paramref name="decode"/> gives the outcome the treatment of a request body.
    /// </summary>
    public WriteResult Apply(in RequestTarget target, JsonObject configuration, WriteOptions options, Func<JsonObject, JsonObject>? decode = null)
    {
        Authorize(target, "patch");
        var here = target;
        if (target.Subresource is { } sub && Subresource(target.Resource.GroupResource, sub) is { } special)
        {
            _ = decode?.Invoke((JsonObject)configuration.DeepClone()); // what it refuses is refused
            if (special.Apply(target, configuration, options) is { } applied)
                return applied;
        }
        return GuaranteedUpdateOrCreate(target, live => ApplyTo(here, live, (JsonObject)configuration.DeepClone(), options, decode));
    }

    private WriteResult ApplyTo(in RequestTarget target, Document? live, JsonObject configuration, WriteOptions options, Func<JsonObject, JsonObject>? decode)
    {
        if (live is null && target.Subresource is not null)
            throw KubernetesApiException.NotFound(target.Resource.GroupResource, target.Name ?? "");
        var manager = options.FieldManager ?? throw KubernetesApiException.BadRequest("fieldManager is required for apply patch");
        // versionCheckManager comes first.
        var sent = GroupVersion.Parse(configuration.Text("apiVersion") ?? "");
        if (sent != target.Resource.GroupVersion || configuration.Text("kind") != target.Resource.Kind)
            throw KubernetesApiException.BadRequest($"invalid object type: {sent.Group}/{sent.Version}, Kind={configuration.Text("kind")}");
        Place(target, configuration.Ensure("metadata"));
        var now = Clock.GetUtcNow();
        if (live is null)
        {
            Authorize(target, "create");
            var fresh = Fields.Apply(default, configuration, manager, null, options.Force, now);
            return CreateAuthorized(target, ToStored(target, decode is null ? fresh : decode(fresh)), options with { FieldManager = null });
        }
        var merged = Fields.Apply(InRequestVersion(target, live), configuration, manager, target.Subresource, options.Force, now);
        return Replace(target, live, ToStored(target, decode is null ? merged : decode(merged)), options with { FieldManager = null }, isPatch: true);
    }

    private WriteResult CreateOnUpdate(in RequestTarget target, JsonObject @object, WriteOptions options)
    {
        Authorize(target, "create");
        return CreateAuthorized(target, @object, options);
    }

    private JsonElement InRequestVersion(in RequestTarget target, Document live)
    {
        if (target.Resource.CustomVersion() is { } custom)
            return custom.View(live).Root;
        var stored = Catalog.Stored(target.Resource.GroupResource) ?? target.Resource;
        return stored.GroupVersion == target.Resource.GroupVersion ? live.Root : VersionConversion.Convert(live.ToObject(), stored, target.Resource).ToElement();
    }

    // Built-in kinds go through the rules in the version they are stored in, custom ones in that of the request.
    private JsonObject ToStored(in RequestTarget target, JsonObject @object) =>
        target.Resource.Custom is not null ? @object : VersionConversion.Convert(@object, target.Resource, Catalog.Stored(target.Resource.GroupResource) ?? target.Resource);

    private JsonObject ForStorage(in RequestTarget target, JsonObject @object) =>
        target.Resource.Custom is null ? @object : VersionConversion.Convert(@object, target.Resource, Catalog.Stored(target.Resource.GroupResource) ?? target.Resource);

    /// <summary>
    /// Puts <paramref name="object"/> in the place of <paramref name="live"/>: version checks; what the server owns is kept; defaults;
    /// admission; the registry's rules; managed fields; rules; store. A change that changes nothing stores nothing.
    /// </summary>
    internal WriteResult Replace(in RequestTarget target, Document live, JsonObject @object, WriteOptions options, bool isPatch = false)
    {
        var strategy = StrategyOf(target);
        var resource = target.Resource.GroupResource;
        var warnings = new List<string>();
        var old = target.Resource.Custom is null ? live.Root : InRequestVersion(target, live);
        var now = Clock.GetUtcNow();

        var metadata = @object.Ensure("metadata");
        Place(target, metadata);
        var version = metadata.Text("resourceVersion");
        if (string.IsNullOrEmpty(version) && !strategy.AllowUnconditionalUpdate)
            throw KubernetesApiException.Invalid(strategy.Kind, live.Name, [new("FieldValueInvalid", "metadata.resourceVersion", "Invalid value: 0: must be specified for an update")]);
        if (!string.IsNullOrEmpty(version) && version is not "0" && version != old.At("metadata", "resourceVersion").Text())
            throw KubernetesApiException.Modified(resource, live.Name);
        if (!isPatch && metadata.Text("uid") is { Length: > 0 } uid && uid != live.Uid)
            throw KubernetesApiException.Conflict(resource, live.Name, $"Precondition failed: UID in precondition: {uid}, UID in object meta: {live.Uid}");

        @object["apiVersion"] = strategy.Kind.GroupVersion.ToString();
        @object["kind"] = strategy.Kind.Kind;
        foreach (var owned in MetadataOfTheServer)
            Keep(metadata, old.At("metadata"), owned);
        Keep(metadata, old.At("metadata"), "resourceVersion");
        // rest.BeforeUpdate: what is set already stays; setting or changing it is refused below.
        if (string.IsNullOrEmpty(metadata.Text("uid")))
            Keep(metadata, old.At("metadata"), "uid");
        if (old.At("metadata", "deletionTimestamp").Exists())
            Keep(metadata, old.At("metadata"), "deletionTimestamp");
        if (metadata["deletionGracePeriodSeconds"] is null)
            Keep(metadata, old.At("metadata"), "deletionGracePeriodSeconds");
        // An approval is a status with rules of its own.
        var ofStatus = target.Subresource is "status" or "approval";
        if (ofStatus)
        {
            foreach (var (name, _) in @object.ToList())
                if (name != "metadata" && !strategy.StatusFields.Contains(name))
                    Keep(@object, old, name);
            foreach (var field in old.Fields())
                if (!@object.ContainsKey(field.Name) && !strategy.StatusFields.Contains(field.Name))
                    Keep(@object, old, field.Name);
            Keep(metadata, old.At("metadata"), "ownerReferences");
            Keep(metadata, old.At("metadata"), "finalizers");
        }
        else
        {
            foreach (var owned in strategy.StatusFields)
                Keep(@object, old, owned);
            if (target.Subresource is { } part)
                strategy.KeepOutside(part, @object, old);
        }
        strategy.Default(@object);
        if (options.FieldManager is not null)
            Fields.RecordUpdate(@object, old, options.FieldManager, target.Subresource, now);

        var admission = new AdmissionRequest(target, "UPDATE", @object, old, warnings, options.DryRun);
        Mutate(admission);
        if (target.Subresource == "status")
            strategy.PrepareForStatusUpdate(@object, old);
        else
            strategy.PrepareForUpdate(@object, old);
        metadata = @object.Ensure("metadata");
        if (strategy.CountsGenerations && !ofStatus && SpecChanged(@object, old, strategy))
            metadata["generation"] = (old.At("metadata", "generation").Integer() ?? 0) + 1;

        var view = @object.ToElement();
        ThrowIfAny(strategy.Kind, live.Name,
            [.. ObjectMetaValidation.ValidateUpdate(view.At("metadata"), old.At("metadata"), strategy.ChecksFinalizers),
             .. target.Subresource switch
             {
                 "status" => strategy.ValidateStatusUpdate(view, old),
                 null => strategy.ValidateUpdate(view, old),
                 var other => strategy.ValidateSubresourceUpdate(other, view, old),
             }]);
        warnings.AddRange(strategy.Warnings(view, old));
        warnings.AddRange(StoredOnly.Warnings(strategy.Kind));
        strategy.Canonicalize(@object);
        ValidateAdmission(admission);
        Allocate(admission);

        if (JsonNode.DeepEquals(@object, old.ToNode()))
            return new WriteResult(live, 200, warnings);
        if (options.DryRun)
            return new WriteResult(Document.Unstored(resource, @object), 200, warnings);
        if (live.IsDeleting && NothingHolds(@object))
        {
            var last = Document.Unstored(resource, @object);
            Store.Delete(live);
            return new WriteResult(last, 200, warnings);
        }
        return new WriteResult(Store.Update(live, ForStorage(target, @object)), 200, warnings);
    }

    /// <summary>Whether an object that is being deleted may go: no finalizer is left and its grace period is over.</summary>
    private static bool NothingHolds(JsonObject @object)
    {
        var metadata = @object["metadata"] as JsonObject;
        var finalizers = (metadata?["finalizers"] as JsonArray)?.Count ?? 0;
        var specFinalizers = @object.Text("kind") == "Namespace" ? ((@object["spec"] as JsonObject)?["finalizers"] as JsonArray)?.Count ?? 0 : 0;
        return finalizers == 0 && specFinalizers == 0 && metadata.Integer("deletionGracePeriodSeconds") is null or 0;
    }

    /// <summary>
    /// Reads an object and calls <paramref name="change"/>, which stores a new state of it, until no other writer is in between
    /// (<c>k8s.io/apiserver/pkg/storage</c>, <c>GuaranteedUpdate</c>).
    /// </summary>
    /// <exception cref="KubernetesApiException">404; 409 where another writer was faster at every attempt.</exception>
    internal WriteResult GuaranteedUpdate(in RequestTarget target, Func<Document, WriteResult> change)
    {
        var (resource, name) = (target.Resource.GroupResource, target.Name ?? "");
        return GuaranteedUpdateOrCreate(target, live => change(live ?? throw KubernetesApiException.NotFound(resource, name)));
    }

    /// <summary>As <see cref="GuaranteedUpdate"/>, with null to <paramref name="change"/> where there is no such object.</summary>
    private WriteResult GuaranteedUpdateOrCreate(in RequestTarget target, Func<Document?, WriteResult> change)
    {
        var (resource, key) = (target.Resource.Storage, KeyOf(target));
        try
        {
            return Retry.OnError(Retry.DefaultSteps, static ex => ex is StoreConflictException, () => change(Store.Find(resource, key)));
        }
        catch (StoreConflictException)
        {
            throw KubernetesApiException.Modified(target.Resource.GroupResource, target.Name ?? "");
        }
    }

    private static void Keep(JsonObject @object, JsonElement old, string field)
    {
        if (old.At(field).ToNode() is { } value)
            @object[field] = value;
        else
            @object.Remove(field);
    }

    private static bool SpecChanged(JsonObject @object, JsonElement old, KindStrategy strategy)
    {
        foreach (var (name, value) in @object)
            if (name is not ("metadata" or "apiVersion" or "kind") && !strategy.StatusFields.Contains(name) && !JsonNode.DeepEquals(value, old.At(name).ToNode()))
                return true;
        foreach (var field in old.Fields())
            if (!@object.ContainsKey(field.Name) && field.Value.Exists())
                return true;
        return false;
    }
}
