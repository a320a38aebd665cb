using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using ClusterSim.Storage;

namespace ClusterSim.Access.Rbac;

/// <summary>The rules of roles, parsed once for each stored version of a role, as long as that version is in use.</summary>
internal sealed class PolicyRuleCache
{
    private readonly ConditionalWeakTable<Document, object> _parsed = [];

    /// <summary>The rules of a role.</summary>
    public ImmutableArray<PolicyRule> RulesOf(Document role) =>
        (ImmutableArray<PolicyRule>)_parsed.GetValue(role, static document => PolicyRule.ListOf(document.Root.At("rules")));
}
