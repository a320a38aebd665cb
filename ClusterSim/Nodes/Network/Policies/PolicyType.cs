namespace ClusterSim.Network.Policies;

/// <summary>The direction that a NetworkPolicy restricts, seen from the pods that it selects (<c>policyTypes</c>).</summary>
public enum PolicyType
{
    /// <summary>Connections to the pods.</summary>
    Ingress,

    /// <summary>Connections from the pods.</summary>
    Egress,
}
