using System.Collections.Concurrent;
using ClusterSim.Access;
using ClusterSim.Admission;
using ClusterSim.CustomResources;
using ClusterSim.Patching;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;
using ClusterSim.Validation;

namespace ClusterSim.Registry;

/// <summary>
/// The one way in: kubectl over HTTP, controllers, kubelets and tests all come through these verbs, with the same authorization, admission
/// and validation. Verbs are synchronous, as the store is memory; whatever streams (watch aside) is a subresource of the nodes.
/// </summary>
internal sealed partial class ApiServer
{
    private readonly ConcurrentDictionary<(GroupResource Resource, string Name), ISubresource> _subresources = new();
    private readonly ConcurrentDictionary<GroupResource, IComputedResource> _computed = new();
    private readonly List<IAdmission> _admission = [];

    /// <summary>An API server over <paramref name="store"/>.</summary>
    public ApiServer(
        VersionedStore store, ResourceCatalog catalog, Func<GroupVersionKind, KindStrategy> strategies, IAuthorizer authorizer,
        IFieldManager fields, ISelectors selectors, TimeProvider clock, Randomness random)
    {
        Store = store;
        Catalog = catalog;
        Strategies = strategies;
        Authorizer = authorizer;
        Fields = fields;
        Selectors = selectors;
        Clock = clock;
        Random = random;
        EventNames = new EventNames(clock);
    }

    /// <summary>Where objects are.</summary>
    public VersionedStore Store { get; }

    /// <summary>Which resources there are.</summary>
    public ResourceCatalog Catalog { get; }

    /// <summary>What is particular to each kind.</summary>
    public Func<GroupVersionKind, KindStrategy> Strategies { get; }

    /// <summary>Who may do what.</summary>
    public IAuthorizer Authorizer { get; }

    /// <summary>Patches and managed fields.</summary>
    public IFieldManager Fields { get; }

    /// <summary>Label and field selectors.</summary>
    public ISelectors Selectors { get; }

    /// <summary>Time.</summary>
    public TimeProvider Clock { get; }

    /// <summary>Chance.</summary>
    public Randomness Random { get; }

    /// <summary>What Events are called.</summary>
    public EventNames EventNames { get; }

    /// <summary>Adds an admission plugin, after those that are there. Only before the first request.</summary>
    public void Add(IAdmission plugin) => _admission.Add(plugin);

    /// <summary>Registers a subresource; an empty name for a resource that stores nothing.</summary>
    public void Add(GroupResource resource, string name, ISubresource subresource) => _subresources[(resource, name)] = subresource;

    /// <summary>Serves a resource that is not stored.</summary>
    public void Add(IComputedResource computed)
    {
        _computed[computed.Type.GroupResource] = computed;
        Catalog.Put(computed.Type);
    }

    /// <summary>The subresource registered under that name; null where there is none.</summary>
    public ISubresource? Subresource(GroupResource resource, string name) => _subresources.GetValueOrDefault((resource, name));

    /// <summary>Refuses what <paramref name="target"/>'s user may not do.</summary>
    /// <exception cref="KubernetesApiException">403, in Kubernetes' words.</exception>
    public void Authorize(in RequestTarget target, string verb) =>
        Authorize(new AccessAttributes(target.User, verb, target.Resource.GroupResource, target.Subresource, target.Namespace, target.Name));

    /// <summary>Refuses what a user may not do to a resource, which there need not be.</summary>
    /// <exception cref="KubernetesApiException">403, in Kubernetes' words.</exception>
    public void Authorize(in AccessAttributes attributes)
    {
        if (Authorizer.IsAllowed(attributes, out var reason))
            return;
        var (kind, user) = (attributes.Resource ?? throw new ArgumentException("a path is no resource", nameof(attributes)), attributes.User.Name);
        var resource = attributes.Subresource is null ? kind.Resource : $"{kind.Resource}/{attributes.Subresource}";
        var where = attributes.Namespace is null ? " at the cluster scope" : $" in the namespace \"{attributes.Namespace}\"";
        throw KubernetesApiException.Forbidden(
            kind, attributes.Name ?? "",
            $"User \"{user}\" cannot {attributes.Verb} resource \"{resource}\" in API group \"{kind.Group}\"{where}{(reason.Length == 0 ? "" : $": {reason}")}");
    }

    /// <summary>One object.</summary>
    public Document Get(in RequestTarget target)
    {
        Authorize(target, "get");
        return _computed.TryGetValue(target.Resource.GroupResource, out var computed) ? computed.Get(KeyOf(target)) : Require(target);
    }

    /// <summary>The object as it is, no questions asked.</summary>
    public Document Require(in RequestTarget target) =>
        Store.Find(target.Resource.Storage, KeyOf(target)) ?? throw KubernetesApiException.NotFound(target.Resource.GroupResource, target.Name ?? "");

    internal static ObjectKey KeyOf(in RequestTarget target) => new(target.Resource.Namespaced ? target.Namespace : null, target.Name ?? "");

    /// <summary>What is particular to the objects of a request: for custom ones, in the version it speaks.</summary>
    internal KindStrategy StrategyOf(in RequestTarget target) =>
        target.Resource.CustomVersion()?.Strategy ?? Strategies((Catalog.Stored(target.Resource.GroupResource) ?? target.Resource).GroupVersionKind);

    private void Mutate(AdmissionRequest request)
    {
        foreach (var plugin in _admission)
            plugin.Mutate(request);
    }

    private void ValidateAdmission(AdmissionRequest request)
    {
        foreach (var plugin in _admission)
            plugin.Validate(request);
    }

    private void Allocate(AdmissionRequest request)
    {
        foreach (var plugin in _admission)
            plugin.Allocate(request);
    }

    private static void ThrowIfAny(GroupVersionKind kind, string name, IEnumerable<FieldError> errors)
    {
        var found = errors.ToList();
        if (found.Count > 0)
            throw KubernetesApiException.Invalid(kind, name, found);
    }
}
