using System.Collections.Immutable;
using System.Text.Json;
using ClusterSim.Storage;

namespace ClusterSim.Access.Rbac;

/// <summary>
/// All roles and bindings of one moment, arranged by who is bound: what a user may do is found by its name and groups alone, however many
/// bindings there are. Immutable; roles are compiled once for each stored version.
/// </summary>
internal sealed class RbacIndex
{
    private readonly Dictionary<string, List<Grant>> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Grant>> _groups = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Namespace, string Name), List<Grant>> _usersIn = [];
    private readonly Dictionary<(string Namespace, string Name), List<Grant>> _groupsIn = [];
    private readonly PolicyRuleCache _rules;
    private readonly StoreSnapshot _roles;
    private readonly StoreSnapshot _clusterRoles;

    /// <summary>Arranges what the snapshots hold.</summary>
    public RbacIndex(
        PolicyRuleCache rules, StoreSnapshot roles, StoreSnapshot clusterRoles, StoreSnapshot roleBindings, StoreSnapshot clusterRoleBindings)
    {
        _rules = rules;
        _roles = roles;
        _clusterRoles = clusterRoles;
        foreach (var binding in clusterRoleBindings.All())
            Add(binding);
        foreach (var binding in roleBindings.All())
            Add(binding);
    }

    /// <summary>What a binding gives to one of its subjects.</summary>
    /// <param name="Reason">Why, in the authorizer's words.</param>
    /// <param name="Rules">What; none where the role is missing.</param>
    /// <param name="Complaint">What is wrong with the binding; null for nothing.</param>
    public sealed record Grant(string Reason, ImmutableArray<PolicyRule> Rules, string? Complaint);

    /// <summary>Whether the user may, and why. Where not, <paramref name="reason"/> tells of bindings to roles that are missing.</summary>
    public bool IsAllowed(in AccessAttributes asked, out string reason)
    {
        List<string>? complaints = null;
        var user = asked.User;
        if (Among(_users.GetValueOrDefault(user.Name), asked, ref complaints) is { } mine)
            return Yes(mine, out reason);
        for (var i = 0; i < user.Groups.Count; i++)
            if (Among(_groups.GetValueOrDefault(user.Groups[i]), asked, ref complaints) is { } theirs)
                return Yes(theirs, out reason);
        if (asked.Namespace is { } @namespace && asked.Resource is not null)
        {
            if (Among(_usersIn.GetValueOrDefault((@namespace, user.Name)), asked, ref complaints) is { } mineHere)
                return Yes(mineHere, out reason);
            for (var i = 0; i < user.Groups.Count; i++)
                if (Among(_groupsIn.GetValueOrDefault((@namespace, user.Groups[i])), asked, ref complaints) is { } theirsHere)
                    return Yes(theirsHere, out reason);
        }
        reason = complaints switch
        {
            null => "",
            [var one] => $"RBAC: {one}",
            _ => $"RBAC: [{string.Join(", ", complaints)}]",
        };
        return false;

        static bool Yes(Grant grant, out string reason)
        {
            reason = grant.Reason;
            return true;
        }
    }

    /// <summary>Everything the user may do in a namespace (null: at the cluster scope), cluster-wide grants first.</summary>
    public IEnumerable<PolicyRule> RulesFor(UserInfo user, string? @namespace)
    {
        var grants = Of(_users.GetValueOrDefault(user.Name)).Concat(user.Groups.SelectMany(group => Of(_groups.GetValueOrDefault(group))));
        if (!string.IsNullOrEmpty(@namespace))
            grants = grants
                .Concat(Of(_usersIn.GetValueOrDefault((@namespace, user.Name))))
                .Concat(user.Groups.SelectMany(group => Of(_groupsIn.GetValueOrDefault((@namespace, group)))));
        return grants.SelectMany(grant => grant.Rules);

        static IEnumerable<Grant> Of(List<Grant>? grants) => grants ?? [];
    }

    /// <summary>The rules of the role a binding in <paramref name="namespace"/> refers to; null where it is missing.</summary>
    public ImmutableArray<PolicyRule>? RulesOf(string kind, string name, string? @namespace) =>
        (kind == "ClusterRole" ? _clusterRoles.Find(new(null, name)) : _roles.Find(new(@namespace, name))) is { } role ? _rules.RulesOf(role) : null;

    private static Grant? Among(List<Grant>? grants, in AccessAttributes asked, ref List<string>? complaints)
    {
        if (grants is null)
            return null;
        foreach (var grant in grants)
        {
            foreach (var rule in grant.Rules)
                if (rule.Allows(asked))
                    return grant;
            if (grant.Complaint is { } complaint)
                (complaints ??= []).Add(complaint);
        }
        return null;
    }

    private void Add(Document binding)
    {
        var @ref = binding.Root.At("roleRef");
        var (kind, role) = (@ref.At("kind").Text(""), @ref.At("name").Text(""));
        var rules = RulesOf(kind, role, binding.Namespace);
        var complaint = rules is null ? $"{(kind == "ClusterRole" ? "clusterrole" : "role")}.{RbacResources.Group} \"{role}\" not found" : null;
        var binder = binding.Namespace is null ? $"ClusterRoleBinding \"{binding.Name}\"" : $"RoleBinding \"{binding.Name}/{binding.Namespace}\"";
        foreach (var subject in binding.Root.At("subjects").Items())
            Add(binding, subject, who => new Grant($"RBAC: allowed by {binder} of {kind} \"{role}\" to {who}", rules ?? [], complaint));
    }

    private void Add(Document binding, JsonElement subject, Func<string, Grant> grant)
    {
        var name = subject.At("name").Text("");
        switch (subject.At("kind").Text())
        {
            case "User":
                Put(_users, _usersIn, binding.Namespace, name, grant($"User \"{name}\""));
                break;
            case "Group":
                Put(_groups, _groupsIn, binding.Namespace, name, grant($"Group \"{name}\""));
                break;
            case "ServiceAccount" when subject.At("namespace").Text(binding.Namespace ?? "") is { Length: > 0 } @namespace:
                Put(_users, _usersIn, binding.Namespace, $"system:serviceaccount:{@namespace}:{name}", grant($"ServiceAccount \"{name}/{@namespace}\""));
                break;
        }
    }

    private static void Put(
        Dictionary<string, List<Grant>> everywhere, Dictionary<(string, string), List<Grant>> here, string? @namespace, string name, Grant grant)
    {
        ref var list = ref @namespace is null
            ? ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(everywhere, name, out _)
            : ref System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(here, (@namespace, name), out _);
        (list ??= []).Add(grant);
    }
}
