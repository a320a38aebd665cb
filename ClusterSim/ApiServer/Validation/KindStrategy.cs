using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation;

/// <summary>
/// What is particular to one kind on its way into the store: <c>RESTCreateStrategy</c> and <c>RESTUpdateStrategy</c> of
/// <c>k8s.io/apiserver/pkg/registry/rest</c>. The pipeline calls, for a write: <see cref="Default"/>, admission that mutates,
/// <see cref="PrepareForCreate"/> or <see cref="PrepareForUpdate"/>, the common metadata rules, <see cref="Validate"/> (and
/// <see cref="ValidateUpdate"/>), <see cref="Warnings"/>, admission that validates, the store. Strategies hold no state of the cluster.
/// </summary>
internal abstract class KindStrategy
{
    /// <summary>The kind, in the version it is stored in.</summary>
    public abstract GroupVersionKind Kind { get; }

    /// <summary>What its objects may be called; part of <see cref="ObjectMetaValidation"/>.</summary>
    public virtual NameRule NameRule => NameRules.Subdomain;

    /// <summary>Whether a PUT of an absent object creates it (Leases, ServiceAccounts no; Endpoints, Nodes…: see each registry).</summary>
    public virtual bool AllowCreateOnUpdate => false;

    /// <summary>Whether a PUT without resourceVersion is taken.</summary>
    public virtual bool AllowUnconditionalUpdate => true;

    /// <summary>Whether the kind counts its spec's changes in metadata.generation.</summary>
    public virtual bool CountsGenerations => false;

    /// <summary>Top-level fields the status subresource owns: kept from the old object on ordinary writes, and the only ones status writes change.</summary>
    public virtual IReadOnlyList<string> StatusFields => [];

    /// <summary>Whether a creator may write the status too (Nodes: a kubelet registers with its capacity).</summary>
    public virtual bool KeepsStatusOnCreate => false;

    /// <summary>Whether finalizers must be qualified, as those of the kinds of kube-apiserver itself; others warn.</summary>
    public virtual bool ChecksFinalizers => true;

    /// <summary>Fields usable in a field selector besides metadata.name and metadata.namespace; null value: absent.</summary>
    public virtual IReadOnlyDictionary<string, Func<JsonElement, string>> SelectableFields => NoFields;

    /// <summary>The selectable field that a label names in a version (<c>AddFieldLabelConversionFunc</c>); the label itself where it names none.</summary>
    public virtual string FieldLabel(string label, GroupVersion version) => label;

    /// <summary>Fills in what the kind's version defaults (<c>zz_generated.defaults</c> and <c>defaults.go</c>). Idempotent.</summary>
    public virtual void Default(JsonObject @object)
    {
    }

    /// <summary>Drops what a creator may not set, sets what the registry sets (status phases, allocations aside).</summary>
    public virtual void PrepareForCreate(JsonObject @object)
    {
    }

    /// <summary>Brings an object that has passed all rules into the form it is stored in, after warnings were made of what was sent.</summary>
    public virtual void Canonicalize(JsonObject @object)
    {
    }

    /// <summary>Keeps what an update may not touch. The status fields were already restored from <paramref name="old"/>.</summary>
    public virtual void PrepareForUpdate(JsonObject @object, JsonElement old)
    {
    }

    /// <summary>Keeps what a write to the status subresource may not touch. Everything outside <see cref="StatusFields"/> was already restored.</summary>
    public virtual void PrepareForStatusUpdate(JsonObject @object, JsonElement old)
    {
    }

    /// <summary>
    /// Puts back what a write through a subresource other than <c>status</c> leaves as it is (<c>ephemeralcontainers</c>, <c>resize</c>). It comes
    /// before fields get owners: nobody owns what was not written.
    /// </summary>
    public virtual void KeepOutside(string subresource, JsonObject @object, JsonElement old)
    {
    }

    /// <summary>
    /// What a first delete does to an object that cannot go at once for reasons of its kind: marks it in place, deletion timestamp included, and
    /// returns true. False: the pipeline deletes as usual.
    /// </summary>
    public virtual bool BeginDeletion(JsonObject @object, DateTimeOffset now) => false;

    /// <summary>The kind's rules, in Kubernetes' order. Metadata's common rules come before them, from the pipeline.</summary>
    public virtual IEnumerable<FieldError> Validate(JsonElement @object) => [];

    /// <summary>The rules of a change. In Kubernetes' order relative to <see cref="Validate"/>: the strategy yields both.</summary>
    public virtual IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old) => Validate(@object);

    /// <summary>The rules of a change of status.</summary>
    public virtual IEnumerable<FieldError> ValidateStatusUpdate(JsonElement @object, JsonElement old) => [];

    /// <summary>The rules of a change through another subresource (<c>ephemeralcontainers</c>, <c>resize</c>); by default those of the object.</summary>
    public virtual IEnumerable<FieldError> ValidateSubresourceUpdate(string subresource, JsonElement @object, JsonElement old) => Validate(@object);

    /// <summary>Warnings for the writer, sent as <c>Warning: 299</c> headers.</summary>
    public virtual IEnumerable<string> Warnings(JsonElement @object, JsonElement old) => [];

    private static readonly IReadOnlyDictionary<string, Func<JsonElement, string>> NoFields =
        new Dictionary<string, Func<JsonElement, string>>(StringComparer.Ordinal);
}
