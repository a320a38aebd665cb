using System.Text.Json.Nodes;
using ClusterSim.Admission;
using ClusterSim.Requests;
using ClusterSim.Storage;
using ClusterSim.Validation;

namespace ClusterSim.Registry;

internal sealed partial class ApiServer
{
    // As k8s.io/apiserver: a generated name that is taken is generated again, so often.
    private const int GeneratedNameTries = 8;

    /// <summary>
    /// Creates an object: authorize; name and namespace; defaults; managed fields; mutating admission; what the registry sets; rules;
    /// validating admission; allocation; store. The object is taken over: whoever wants to go on using it gives a copy.
    /// </summary>
    public WriteResult Create(in RequestTarget target, JsonObject @object, WriteOptions options)
    {
        Authorize(target, "create");
        if (Subresource(target.Resource.GroupResource, target.Subresource ?? "") is { } special)
            return special.Create(target, @object, options);
        if (target.Subresource is not null)
            throw KubernetesApiException.MethodNotSupported(target.Resource.GroupResource, "create");
        return CreateAuthorized(target, @object, options);
    }

    private WriteResult CreateAuthorized(in RequestTarget target, JsonObject @object, WriteOptions options)
    {
        // Only where another name may have to be tried is the object needed once more.
        var generated = target.Name is null && @object["metadata"] is JsonObject metadata && string.IsNullOrEmpty(metadata.Text("name"));
        for (var tries = 1; ; tries++)
        {
            try
            {
                return TryCreate(target, generated ? (JsonObject)@object.DeepClone() : @object, options);
            }
            catch (StoreConflictException taken) when (taken.Current is not null)
            {
                if (!generated || tries == GeneratedNameTries)
                    throw KubernetesApiException.AlreadyExists(target.Resource.GroupResource, taken.Current.Name);
            }
        }
    }

    private WriteResult TryCreate(in RequestTarget target, JsonObject @object, WriteOptions options)
    {
        var strategy = StrategyOf(target);
        var kind = strategy.Kind;
        var warnings = new List<string>();
        var now = Clock.GetUtcNow();

        var metadata = @object.Ensure("metadata");
        Place(target, metadata);
        @object["apiVersion"] = kind.GroupVersion.ToString();
        @object["kind"] = kind.Kind;
        strategy.Default(@object);
        // Before admission and the registry change it: what those set has no owner.
        if (options.FieldManager is not null)
            Fields.RecordUpdate(@object, default, options.FieldManager, null, now);

        var admission = new AdmissionRequest(target, "CREATE", @object, default, warnings, options.DryRun);
        var generateName = metadata.Text("generateName");
        if (string.IsNullOrEmpty(metadata.Text("name")) && !string.IsNullOrEmpty(generateName))
            metadata["name"] = Generated(generateName);
        Mutate(admission);
        strategy.Default(@object);

        metadata = @object.Ensure("metadata");
        metadata["uid"] = Random.NextUid();
        metadata["creationTimestamp"] = now.Stamp();
        foreach (var notTheirs in (ReadOnlySpan<string>)["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion", "generation"])
            metadata.Remove(notTheirs);
        if (strategy.CountsGenerations)
            metadata["generation"] = 1;
        if (!strategy.KeepsStatusOnCreate)
            foreach (var owned in strategy.StatusFields)
                @object.Remove(owned);
        strategy.PrepareForCreate(@object);

        var view = @object.ToElement();
        ThrowIfAny(kind, metadata.Text("name") ?? "", [.. ObjectMetaValidation.ValidateCreate(view.At("metadata"), target.Resource.Namespaced, strategy.NameRule, strategy.ChecksFinalizers), .. strategy.Validate(view)]);
        warnings.AddRange(strategy.Warnings(view, default));
        warnings.AddRange(StoredOnly.Warnings(strategy.Kind));
        strategy.Canonicalize(@object);
        ValidateAdmission(admission);
        var key = new ObjectKey(target.Resource.Namespaced ? target.Namespace : null, metadata.Text("name")!);
        if (options.DryRun)
        {
            if (Store.Find(target.Resource.Storage, key) is { } present)
                throw new StoreConflictException(present);
            Allocate(admission);
            return new WriteResult(Document.Unstored(target.Resource.Storage, @object), 201, warnings);
        }
        // Most have nothing to allocate, and the lock would be a queue of all who create.
        if (!_admission.Exists(plugin => plugin.Allocates(admission)))
            return new WriteResult(Store.Create(target.Resource.Storage, key, @object), 201, warnings);
        lock (_allocating)
        {
            Allocate(admission);
            return new WriteResult(Store.Create(target.Resource.Storage, key, ForStorage(target, @object)), 201, warnings);
        }
    }

    private readonly Lock _allocating = new();

    /// <summary>Name and namespace of the body against those of the URL.</summary>
    private static void Place(in RequestTarget target, JsonObject metadata)
    {
        if (target.Resource.Namespaced)
        {
            var said = metadata.Text("namespace");
            if (string.IsNullOrEmpty(said))
                metadata["namespace"] = target.Namespace;
            else if (said != target.Namespace)
                throw KubernetesApiException.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }
        else
        {
            metadata.Remove("namespace");
        }
        if (target.Name is null)
            return;
        var name = metadata.Text("name");
        if (string.IsNullOrEmpty(name))
            metadata["name"] = target.Name;
        else if (name != target.Name)
            throw KubernetesApiException.BadRequest($"the name of the object ({name}) does not match the name on the URL ({target.Name})");
    }

    // k8s.io/apiserver/pkg/storage/names: the base is cut so that base and suffix fit into 63 characters.
    private string Generated(string generateName) =>
        (generateName.Length > 58 ? generateName[..58] : generateName) + Random.NextSuffix();
}
