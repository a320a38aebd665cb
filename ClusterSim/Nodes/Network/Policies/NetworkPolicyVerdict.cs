namespace ClusterSim.Network.Policies;

/// <summary>The verdict of NetworkPolicies on one connection.</summary>
public readonly struct NetworkPolicyVerdict
{
    private readonly Ruling? _ruling;
    private readonly TrafficPeer _from;
    private readonly TrafficPeer _to;
    private readonly int _port;
    private readonly TransportProtocol _protocol;
    private readonly string? _exemption;

    internal NetworkPolicyVerdict(Ruling ruling, in TrafficPeer from, in TrafficPeer to, int port, TransportProtocol protocol)
    {
        (_ruling, _from, _to, _port, _protocol) = (ruling, from, to, port, protocol);
    }

    internal NetworkPolicyVerdict(string exemption)
    {
        _exemption = exemption;
    }

    /// <summary>Whether the connection is allowed.</summary>
    public bool IsAllowed => _ruling?.Allows ?? true;

    /// <summary>Returns whether the policies of one direction allow the connection, whatever those of the other direction say.</summary>
    public bool IsAllowedBy(PolicyType direction) => _ruling is null || (direction == PolicyType.Ingress ? _ruling.Ingress : _ruling.Egress).Allows;

    /// <summary>The direction that denies; null where the connection is allowed. Egress comes first, as a connection meets it first.</summary>
    public PolicyType? DeniedBy =>
        IsAllowed ? null : _ruling!.Egress.Allows ? PolicyType.Ingress : PolicyType.Egress;

    /// <summary>
    /// The reason, such as <c>denied: shop/default-deny selects api for Ingress; no rule admits namespace web</c>.
    /// </summary>
    public string Reason
    {
        get
        {
            if (_ruling is null)
                return $"allowed: {_exemption}";
            if (DeniedBy is { } direction)
                return $"denied: {Denied(direction)}";
            return $"allowed: {string.Join("; ", Passed(PolicyType.Egress).Concat(Passed(PolicyType.Ingress)).DefaultIfEmpty("no policy applies"))}";
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Reason;

    private string Denied(PolicyType direction)
    {
        var ruling = direction == PolicyType.Ingress ? _ruling!.Ingress : _ruling!.Egress;
        var (subject, other) = direction == PolicyType.Ingress ? (_to, _from) : (_from, _to);
        var selecting = ruling.Selecting;
        var who = selecting.Count switch
        {
            1 => selecting[0].ToString(),
            2 => $"{selecting[0]} and {selecting[1]}",
            _ => $"{selecting[0]}, {selecting[1]} and {selecting.Count - 2} more",
        };
        var port = $"port {_port}/{_protocol.ToString().ToUpperInvariant()}";
        var what = ruling.Shortfall switch
        {
            Shortfall.Port => direction == PolicyType.Ingress ? $"{port} from {other}" : $"{port} to {other}",
            Shortfall.Namespace when other.Pod is { IsHostNetwork: false } pod && pod.Namespace != subject.Pod!.Namespace => $"namespace {pod.Namespace}",
            _ => other.Pod is null ? other.ToString() : $"pod {other}",
        };
        return $"{who} select{(selecting.Count == 1 ? "s" : "")} {subject.Pod!.Name} for {direction}; no rule admits {what}";
    }

    private IEnumerable<string> Passed(PolicyType direction)
    {
        var ruling = direction == PolicyType.Ingress ? _ruling!.Ingress : _ruling!.Egress;
        var (subject, other) = direction == PolicyType.Ingress ? (_to, _from) : (_from, _to);
        if (ruling.Admitting is { } policy)
            yield return $"{policy} admits {other} {(direction == PolicyType.Ingress ? "to" : "from")} {subject.Pod!.Name} ({direction} rule {ruling.Rule + 1})";
        else if (subject.Pod is { IsHostNetwork: false } pod)
            yield return $"no policy selects {pod.Name} for {direction}";
    }
}
