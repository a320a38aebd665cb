namespace ClusterSim.Network.Policies;

/// <summary>Why nothing admitted a connection: the closest any rule came.</summary>
internal enum Shortfall
{
    /// <summary>No rule means the other side's namespace, or its address.</summary>
    Namespace,

    /// <summary>A rule means the namespace, but not this pod in it.</summary>
    Pod,

    /// <summary>A rule means the other side, but not this port.</summary>
    Port,
}

/// <summary>What one direction's policies say of a connection.</summary>
/// <param name="Selecting">The policies that isolate the pod in this direction; none: it is not isolated.</param>
/// <param name="Admitting">The policy whose rule admits; null where none does, or none is needed.</param>
/// <param name="Rule">Which of its rules, from 0.</param>
/// <param name="Shortfall">Where nothing admits: how close it came.</param>
internal sealed record DirectionRuling(IReadOnlyList<NetworkPolicy> Selecting, NetworkPolicy? Admitting, int Rule, Shortfall Shortfall)
{
    /// <summary>No policy isolates the pod, or there is no pod on that side.</summary>
    public static DirectionRuling Open { get; } = new([], null, 0, default);

    /// <summary>Whether the connection passes this direction.</summary>
    public bool Allows => Selecting.Count == 0 || Admitting is not null;
}

/// <summary>What both directions say of the connections between all parties of two kinds.</summary>
internal sealed record Ruling(DirectionRuling Egress, DirectionRuling Ingress)
{
    /// <summary>Whether they are allowed.</summary>
    public bool Allows { get; } = Egress.Allows && Ingress.Allows;
}
