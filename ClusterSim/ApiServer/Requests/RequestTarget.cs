using ClusterSim.Access;
using ClusterSim.Schema;

namespace ClusterSim.Requests;

/// <summary>A write's request context: who, on what, where.</summary>
/// <param name="User">Who asks.</param>
/// <param name="Resource">The resource, in the version of the request.</param>
/// <param name="Namespace">The URL's namespace; null for cluster scope or all namespaces.</param>
/// <param name="Name">The URL's name; null for a collection.</param>
/// <param name="Subresource">The URL's subresource; null for the object itself.</param>
internal readonly record struct RequestTarget(UserInfo User, ResourceType Resource, string? Namespace, string? Name, string? Subresource = null);
