using System.Text.Json.Nodes;
using ClusterSim.Access.Rbac;
using ClusterSim.Client;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers.Access;

/// <summary>
/// Keeps the rules of aggregated ClusterRoles: the union of the rules of every ClusterRole their selectors choose, in order of name
/// (<c>pkg/controller/clusterroleaggregation</c>). Runs as <c>kube-system/clusterrole-aggregation-controller</c>, which may escalate.
/// </summary>
internal sealed class ClusterRoleAggregationController : Controller
{
    /// <summary>The service account it runs under.</summary>
    public const string Account = "clusterrole-aggregation-controller";

    private readonly ResourceType _clusterRoles;
    private readonly PolicyRuleCache _rules = new();

    /// <inheritdoc cref="ClusterRoleAggregationController"/>
    public ClusterRoleAggregationController(ControllerContext context)
        : base(context)
    {
        _clusterRoles = Client.Resource("clusterroles", RbacResources.Group);
        // Any change of any ClusterRole may change what an aggregated one holds.
        Context.Informers.Handle(_clusterRoles, change =>
        {
            if (change.Change != StoreChange.Deleted && IsAggregated(change.Document))
                Queue.Add(change.Document.Key);
            if (change.Document.Labels.Count > 0 || change.Previous?.Labels.Count > 0)
                foreach (var role in Client.Server.Store.Current(RbacResources.ClusterRoles).All())
                    if (IsAggregated(role))
                        Queue.Add(role.Key);
        });
    }

    /// <inheritdoc/>
    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        var roles = Client.Snapshot(_clusterRoles);
        if (roles.Find(key) is not { } role || !IsAggregated(role))
            return null;
        var wanted = Aggregated(role, roles, _rules);
        if (wanted.SequenceEqual(_rules.RulesOf(role)))
            return null;
        Client.Change(_clusterRoles, key, @object =>
        {
            @object["rules"] = new JsonArray([.. wanted.Select(rule => rule.ToJson())]);
            return true;
        });
        return null;
    }

    /// <summary>What an aggregated role is to hold, given all roles.</summary>
    internal static IReadOnlyList<PolicyRule> Aggregated(Document role, StoreSnapshot roles, PolicyRuleCache parsed)
    {
        var rules = new List<PolicyRule>();
        var seen = new HashSet<PolicyRule>();
        foreach (var item in role.Root.At("aggregationRule", "clusterRoleSelectors").Items())
        {
            var selector = LabelSelector.FromObject(item);
            foreach (var other in roles.All())
                if (other.Name != role.Name && selector.Matches(other.Labels))
                    rules.AddRange(parsed.RulesOf(other).Where(seen.Add));
        }
        return rules;
    }

    private static bool IsAggregated(Document role) => role.Root.At("aggregationRule").Exists();
}
