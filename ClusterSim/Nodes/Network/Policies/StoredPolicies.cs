using System.Runtime.CompilerServices;
using ClusterSim.Storage;

namespace ClusterSim.Network.Policies;

/// <summary>
/// The evaluator of the policies and namespaces as they are stored now; compiled again only when one of them changed, so that a new
/// policy holds for the very next connection.
/// </summary>
internal sealed class StoredPolicies(VersionedStore store)
{
    private static readonly GroupResource NetworkPolicies = new("networking.k8s.io", "networkpolicies");
    private static readonly GroupResource Namespaces = new("", "namespaces");

    private readonly ConditionalWeakTable<Document, NetworkPolicy> _read = [];
    private volatile Compiled? _compiled;

    /// <summary>The evaluator of this moment.</summary>
    public NetworkPolicyEvaluator Current
    {
        get
        {
            var (policies, namespaces) = (store.Current(NetworkPolicies), store.Current(Namespaces));
            if (_compiled is { } compiled && ReferenceEquals(compiled.Policies, policies) && ReferenceEquals(compiled.Namespaces, namespaces))
                return compiled.Evaluator;
            var evaluator = new NetworkPolicyEvaluator(
                policies.All().Select(policy => _read.GetValue(policy, static document => NetworkPolicy.Read(document.Root))),
                namespaces.All().Select(@namespace => KeyValuePair.Create(@namespace.Name, @namespace.Labels)));
            _compiled = new Compiled(policies, namespaces, evaluator);
            return evaluator;
        }
    }

    private sealed record Compiled(StoreSnapshot Policies, StoreSnapshot Namespaces, NetworkPolicyEvaluator Evaluator);
}
