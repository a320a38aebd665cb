using ClusterSim.Http.Browsers;
using ClusterSim.Network;
using ClusterSim.Network.Ingresses;
using ClusterSim.Nodes;
using ClusterSim.Nodes.Images;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ClusterSim;

/// <summary>How a simulated cluster is to be. The defaults are a cluster like a small real one, on real time, with ports of its own choosing.</summary>
public sealed record SimulatedClusterOptions
{
    /// <summary>Its nodes.</summary>
    public IReadOnlyList<NodeOptions> Nodes { get; init; } = [.. Enumerable.Range(1, 3).Select(number => new NodeOptions
    {
        Name = $"node-{number}",
        Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["topology.kubernetes.io/zone"] = $"zone-{number}" },
    })];

    /// <summary>Its network.</summary>
    public NetworkOptions Network { get; init; } = new();

    /// <summary>The seed of its dice (names, uids, jitter); null: one of its own, told by <see cref="SimulatedCluster.Seed"/>.</summary>
    public int? Seed { get; init; }

    /// <summary>
    /// Its time. Clusters that host real services run on real time; clusters of simulated images may run on a <see cref="ManualClock"/>, with
    /// which a day passes as fast as its events can be dealt with.
    /// </summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The port of the Kubernetes API on 127.0.0.1; 0: any that is free.</summary>
    public int ApiPort { get; init; }

    /// <summary>
    /// The web pages that may call the Kubernetes API from a browser (with a token, as everybody), and names of the API besides those of this machine.
    /// Other pages get <c>403</c>. <see cref="IngressOptions.Browsers"/> and <see cref="NetworkOptions.Browsers"/> are those of applications.
    /// </summary>
    public BrowserOptions Browsers { get; init; } = new();

    /// <summary>Its ingress controller, on 127.0.0.1.</summary>
    public IngressOptions Ingress { get; init; } = new();

    /// <summary>
    /// Whether Services get Endpoints beside their EndpointSlices. Kubernetes 1.36 gives them unless it is told not to
    /// (<c>--controllers=-endpoints-controller</c>).
    /// </summary>
    public bool KeepEndpoints { get; init; } = true;

    /// <summary>
    /// Whether metrics.k8s.io is served, as where metrics-server is installed. It knows what <see cref="SimulatedCluster.Metrics"/> is told;
    /// without it the API group does not exist, and autoscalers say so.
    /// </summary>
    public bool MetricsServer { get; init; } = true;

    /// <summary>What becomes of images nobody published; <see cref="ImageStore.Unknown"/> changes it later.</summary>
    public UnknownImages UnknownImages { get; init; }

    /// <summary>What simulated programs may use of this process and this machine.</summary>
    public ProgramLimits ProgramLimits { get; init; } = new();

    /// <summary>Where persistent volumes keep their files; null: in a folder that goes with the cluster.</summary>
    public string? PersistentVolumes { get; init; }

    /// <summary>Where its parts log.</summary>
    public ILoggerFactory Logging { get; init; } = NullLoggerFactory.Instance;
}
