using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Access.Rbac;
using ClusterSim.Requests;

namespace ClusterSim.Admission;

/// <summary>
/// Nobody grants what it does not hold: <c>pkg/registry/rbac/*/policybased</c>. Writers of roles need all that the role gives, or the verb
/// <c>escalate</c> on it; writers of bindings all that the bound role gives, or the verb <c>bind</c> on that. system:masters are not asked.
/// A check of the registry, not a plugin: it comes after the mutating plugins.
/// </summary>
internal sealed class EscalationCheck(IAuthorizer authorizer, RbacAuthorizer rbac) : IAdmission
{
    /// <inheritdoc/>
    public void Mutate(AdmissionRequest request)
    {
        if (request.Object is not { } @object || request.Target.Resource.Group != RbacResources.Group || RbacAuthorizer.IsMaster(request.Target.User))
            return;
        var view = @object.ToElement();
        var old = request.Old;
        if (request.Target.Resource.Name is "roles" or "clusterroles")
        {
            var rules = PolicyRule.ListOf(view.At("rules"));
            var aggregates = view.At("aggregationRule").Exists();
            if (old.Exists() && Same(view.At("aggregationRule"), old.At("aggregationRule")) && rules.SequenceEqual(PolicyRule.ListOf(old.At("rules"))))
                return;
            if (IsAllowed(request, "escalate", request.Target.Resource.Name, NameOf(request)))
                return;
            ConfirmNoEscalation(request, rules);
            if (aggregates && Missing(request.Target, [PolicyRule.Everything, PolicyRule.EveryPath]).Count > 0)
                throw Forbidden(request, "must have cluster-admin privileges to use an aggregationRule");
            return;
        }

        if (request.Target.Resource.Name is not ("rolebindings" or "clusterrolebindings"))
            return;
        var (kind, role) = (view.At("roleRef", "kind").Text(""), view.At("roleRef", "name").Text(""));
        if (old.Exists() && old.At("roleRef", "name").Text() == role && old.At("roleRef", "kind").Text() == kind && Same(view.At("subjects"), old.At("subjects")))
            return;
        if (IsAllowed(request, "bind", kind == "ClusterRole" ? "clusterroles" : "roles", role))
            return;
        if (rbac.Index.RulesOf(kind, role, request.Target.Namespace) is not { } bound)
            throw KubernetesApiException.NotFound(new(RbacResources.Group, kind == "ClusterRole" ? "clusterroles" : "roles"), role);
        ConfirmNoEscalation(request, bound);
    }

    /// <inheritdoc/>
    public void Validate(AdmissionRequest request)
    {
    }

    private static bool Same(JsonElement one, JsonElement other) => one.Exists() == other.Exists() && (!one.Exists() || JsonElement.DeepEquals(one, other));

    private bool IsAllowed(AdmissionRequest request, string verb, string resource, string name) => authorizer.IsAllowed(
        new AccessAttributes(request.Target.User, verb, new(RbacResources.Group, resource), Namespace: request.Target.Namespace, Name: name), out _);

    private void ConfirmNoEscalation(AdmissionRequest request, IEnumerable<PolicyRule> granted)
    {
        var missing = Missing(request.Target, granted);
        if (missing.Count == 0)
            return;
        var told = Compact(missing).Select(rule => rule.ToString()).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        var user = request.Target.User;
        throw Forbidden(request,
            $"user {GoText.Quote(user.Name)} (groups={GoText.QuoteList(user.Groups)}) is attempting to grant RBAC permissions not currently held:\n{string.Join("\n", told)}");
    }

    private List<PolicyRule> Missing(RequestTarget target, IEnumerable<PolicyRule> granted)
    {
        var held = rbac.Index.RulesFor(target.User, target.Resource.Namespaced ? target.Namespace : null).ToList();
        return [.. granted.SelectMany(rule => rule.BreakDown()).Where(single => !held.Exists(mine => mine.Covers(single)))];
    }

    // Rules on the same resource (and name) are told as one with all their verbs: pkg/registry/rbac/validation/policy_compact.go.
    private static IEnumerable<PolicyRule> Compact(List<PolicyRule> rules)
    {
        foreach (var same in rules.Where(rule => rule.NonResourceUrls.IsEmpty).GroupBy(rule => (rule.ApiGroups[0], rule.Resources[0], rule.ResourceNames.FirstOrDefault())))
            yield return same.First() with { Verbs = [.. same.Select(rule => rule.Verbs[0]).Distinct(StringComparer.Ordinal)] };
        foreach (var path in rules.Where(rule => !rule.NonResourceUrls.IsEmpty))
            yield return path;
    }

    private static string NameOf(AdmissionRequest request) =>
        request.Target.Name ?? (request.Object!["metadata"] as JsonObject).Text("name") ?? "";

    private static KubernetesApiException Forbidden(AdmissionRequest request, string why) =>
        KubernetesApiException.Forbidden(request.Target.Resource.GroupResource, NameOf(request), why);
}
