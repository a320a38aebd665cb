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

/// <summary>The verdict on one connection. Its reason is put into words only when somebody asks.</summary>
internal readonly struct PolicyVerdict
{
    private readonly Ruling? _ruling;
    private readonly PolicyParty _from;
    private readonly PolicyParty _to;
    private readonly int _port;
    private readonly TransportProtocol _protocol;
    private readonly string? _exemption;

    internal PolicyVerdict(Ruling ruling, in PolicyParty from, in PolicyParty to, int port, TransportProtocol protocol)
    {
        (_ruling, _from, _to, _port, _protocol) = (ruling, from, to, port, protocol);
    }

    internal PolicyVerdict(string exemption)
    {
        _exemption = exemption;
    }

    /// <summary>Whether the connection is allowed.</summary>
    public bool IsAllowed => _ruling?.Allows ?? true;

    /// <summary>Whether one end's policies let it pass, whatever the other's say.</summary>
    public bool Passes(PolicyDirection direction) => _ruling is null || (direction == PolicyDirection.Ingress ? _ruling.Ingress : _ruling.Egress).Allows;

    /// <summary>The direction that denies; null where neither does. Egress is judged first, as it is met first.</summary>
    public PolicyDirection? DeniedBy =>
        IsAllowed ? null : _ruling!.Egress.Allows ? PolicyDirection.Ingress : PolicyDirection.Egress;

    /// <summary>
    /// Why, such as <c>denied: shop/default-deny selects api for Ingress; no rule admits namespace web</c>.
    /// </summary>
    public string Reason
    {
        get
        {
            if (_ruling is null)
                return $"allowed: {_exemption}";
            if (DeniedBy is { } direction)
                return $"denied: {Denied(direction)}";
            return $"allowed: {string.Join("; ", Passed(PolicyDirection.Egress).Concat(Passed(PolicyDirection.Ingress)).DefaultIfEmpty("no policy applies"))}";
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Reason;

    private string Denied(PolicyDirection direction)
    {
        var ruling = direction == PolicyDirection.Ingress ? _ruling!.Ingress : _ruling!.Egress;
        var (subject, other) = direction == PolicyDirection.Ingress ? (_to, _from) : (_from, _to);
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
            Shortfall.Port => direction == PolicyDirection.Ingress ? $"{port} from {other}" : $"{port} to {other}",
            Shortfall.Namespace when other.Pod is { IsHostNetwork: false } pod && pod.Namespace != subject.Pod!.Namespace => $"namespace {pod.Namespace}",
            _ => other.Pod is null ? other.ToString() : $"pod {other}",
        };
        return $"{who} select{(selecting.Count == 1 ? "s" : "")} {subject.Pod!.Name} for {direction}; no rule admits {what}";
    }

    private IEnumerable<string> Passed(PolicyDirection direction)
    {
        var ruling = direction == PolicyDirection.Ingress ? _ruling!.Ingress : _ruling!.Egress;
        var (subject, other) = direction == PolicyDirection.Ingress ? (_to, _from) : (_from, _to);
        if (ruling.Admitting is { } policy)
            yield return $"{policy} admits {other} {(direction == PolicyDirection.Ingress ? "to" : "from")} {subject.Pod!.Name} ({direction} rule {ruling.Rule + 1})";
        else if (subject.Pod is { IsHostNetwork: false } pod)
            yield return $"no policy selects {pod.Name} for {direction}";
    }
}
