namespace ClusterSim.Access;

/// <summary>What is asked to be done: <c>authorizer.Attributes</c>.</summary>
/// <param name="User">Who.</param>
/// <param name="Verb">get, list, watch, create, update, patch, delete, deletecollection, or another (bind, escalate, impersonate, use…).</param>
/// <param name="Resource">On which resource; null for a path that is no resource.</param>
/// <param name="Subresource">Which subresource; null for the object itself.</param>
/// <param name="Namespace">In which namespace; null for cluster scope.</param>
/// <param name="Name">On which object; null for all.</param>
/// <param name="Path">The path where <paramref name="Resource"/> is null.</param>
internal readonly record struct AccessAttributes(
    UserInfo User, string Verb, GroupResource? Resource, string? Subresource = null, string? Namespace = null, string? Name = null, string? Path = null);

/// <summary>Decides who may do what.</summary>
internal interface IAuthorizer
{
    /// <summary>Whether it is allowed; <paramref name="reason"/> tells why, or is empty: of a refusal it is added to the message.</summary>
    bool IsAllowed(in AccessAttributes attributes, out string reason);
}
