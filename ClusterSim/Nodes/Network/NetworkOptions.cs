using System.Net;
using ClusterSim.Http.Browsers;

namespace ClusterSim.Network;

/// <summary>What becomes of traffic that a NetworkPolicy denies. Cluster networks differ: kube-router (K3s) rejects, Calico and Cilium drop.</summary>
public enum DeniedTraffic
{
    /// <summary>Nothing comes back: the caller waits until its own time-out.</summary>
    Drop,

    /// <summary>The connection is refused at once.</summary>
    Reject,
}

/// <summary>How the cluster's network is laid out and behaves.</summary>
public sealed record NetworkOptions
{
    /// <summary>What becomes of denied traffic.</summary>
    public DeniedTraffic Denied { get; init; } = DeniedTraffic.Drop;

    /// <summary>
    /// Whether pods may leave the cluster where policy permits: names are then asked of the machine and connections made with its sockets.
    /// Otherwise other names are unknown and other addresses unreachable.
    /// </summary>
    public bool AllowExternal { get; init; }

    /// <summary>The cluster's DNS domain.</summary>
    public string ClusterDomain { get; init; } = "cluster.local";

    /// <summary>The first of the nodes' pod ranges: each node gets a /24, as kubeadm and flannel do.</summary>
    public string PodRange { get; init; } = "10.244.0.0/16";

    /// <summary>Where Services' cluster addresses come from.</summary>
    public string ServiceRange { get; init; } = "10.96.0.0/16";

    /// <summary>The address of <c>kube-system/kube-dns</c>.</summary>
    public IPAddress DnsAddress { get; init; } = IPAddress.Parse("10.96.0.10");

    /// <summary>The address that callers from outside the cluster have, to pods and policies (RFC 5737: nobody's).</summary>
    public IPAddress OutsideAddress { get; init; } = IPAddress.Parse("203.0.113.1");

    /// <summary>
    /// Local ports asked for, by <c>namespace/service:port</c> (the Service's port number). All other node ports and load balancers get free ones.
    /// </summary>
    public IReadOnlyDictionary<string, int> LocalPorts { get; init; } = new Dictionary<string, int>(StringComparer.Ordinal);

    /// <summary>
    /// The web pages that may call local ports from a browser, besides those that the port itself serves. HTTP requests of other pages get
    /// <c>403</c>; callers that are not browsers, and other protocols, are not affected.
    /// </summary>
    public BrowserOptions Browsers { get; init; } = new();
}
