using System.Text.Json.Nodes;

namespace ClusterSim.Admission;

/// <summary>An admission plugin that by default does nothing, and what all of them ask of a request.</summary>
internal abstract class AdmissionPlugin : IAdmission
{
    /// <summary>The operation of a creation.</summary>
    public const string Create = "CREATE";

    /// <summary>The operation of a change.</summary>
    public const string Update = "UPDATE";

    /// <summary>The operation of a deletion.</summary>
    public const string Delete = "DELETE";

    /// <summary>The pods' resource.</summary>
    protected static readonly GroupResource Pods = new("", "pods");

    /// <inheritdoc/>
    public virtual void Mutate(AdmissionRequest request)
    {
    }

    /// <inheritdoc/>
    public virtual void Validate(AdmissionRequest request)
    {
    }

    /// <inheritdoc/>
    public virtual void Allocate(AdmissionRequest request)
    {
    }

    /// <inheritdoc/>
    public virtual bool Allocates(AdmissionRequest request) => false;

    /// <summary>Whether this is a write of that operation on objects of that resource themselves, not a subresource.</summary>
    protected static bool Is(AdmissionRequest request, GroupResource resource, string operation) =>
        request.Operation == operation && request.Target.Subresource is null && request.Target.Resource.GroupResource == resource;

    /// <summary>The object's name, from the URL or the body.</summary>
    protected static string NameOf(AdmissionRequest request) =>
        request.Target.Name ?? (request.Object?["metadata"] as JsonObject).Text("name") ?? "";

    /// <summary>403 about the request's object.</summary>
    protected static KubernetesApiException Forbidden(AdmissionRequest request, string why) =>
        KubernetesApiException.Forbidden(request.Target.Resource.GroupResource, NameOf(request), why);
}
