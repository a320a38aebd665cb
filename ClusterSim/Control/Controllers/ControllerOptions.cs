using ClusterSim.Access.Tokens;
using ClusterSim.Controllers.Autoscaling;

namespace ClusterSim.Controllers;

/// <summary>The options of the controllers.</summary>
internal sealed record ControllerOptions
{
    /// <summary>The certificate (PEM) that <c>kube-root-ca.crt</c> holds; null: none is published.</summary>
    public string? RootCertificate { get; init; }

    /// <summary>Makes the tokens that Secrets of service accounts hold; null: they stay empty.</summary>
    public SecretTokens? SecretTokens { get; init; }

    /// <summary>Signs a certificate request (PEM) for a time (null: a year); null: no request is signed.</summary>
    public Func<string, TimeSpan?, string>? SignRequest { get; init; }

    /// <summary>The time without a heartbeat after which a node is unhealthy (<c>--node-monitor-grace-period</c>).</summary>
    public TimeSpan NodeMonitorGracePeriod { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>Whether Services get Endpoints beside their EndpointSlices, as kube-controller-manager keeps them unless its endpoints-controller is switched off.</summary>
    public bool KeepEndpoints { get; init; } = true;

    /// <summary>The resource usage of pods; unknown by default.</summary>
    public IPodMetrics PodMetrics { get; init; } = new NoPodMetrics();
}
