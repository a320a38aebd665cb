using System.Text.Json.Nodes;
using ClusterSim.Requests;

namespace ClusterSim.Registry;

/// <summary>
/// A subresource, or a resource that stores nothing (TokenRequest, SubjectAccessReview…), with verbs of its own. Authorization has
/// happened. Unsupported verbs answer 405.
/// </summary>
internal interface ISubresource
{
    /// <summary>GET.</summary>
    JsonObject Get(in RequestTarget target) => throw KubernetesApiException.MethodNotSupported(target.Resource.GroupResource, "get");

    /// <summary>POST. The target has no name where the resource stores nothing.</summary>
    WriteResult Create(in RequestTarget target, JsonObject body, WriteOptions options) => throw KubernetesApiException.MethodNotSupported(target.Resource.GroupResource, "create");

    /// <summary>Server-side apply; null where it is applied to the object itself, as to any.</summary>
    WriteResult? Apply(in RequestTarget target, JsonObject configuration, WriteOptions options) => null;

    /// <summary>PUT; PATCH is a GET, the patch, and this.</summary>
    WriteResult Update(in RequestTarget target, JsonObject body, WriteOptions options) => throw KubernetesApiException.MethodNotSupported(target.Resource.GroupResource, "update");
}
