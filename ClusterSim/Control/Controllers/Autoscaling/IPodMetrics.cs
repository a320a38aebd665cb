using ClusterSim.Storage;

namespace ClusterSim.Controllers.Autoscaling;

/// <summary>
/// What pods use, as <c>metrics.k8s.io</c> would tell. The simulator cannot measure one pod among many in its process, so the values come from
/// whoever runs the cluster, and are unknown where nobody gave any.
/// </summary>
internal interface IPodMetrics
{
    /// <summary>Whether there are any metrics; if not, the metrics API does not exist.</summary>
    bool Exist { get; }

    /// <summary>A container's use of a resource (<c>cpu</c>, <c>memory</c>); of all its containers for a null container; null for unknown.</summary>
    Quantity? Usage(Document pod, string resource, string? container);
}

/// <summary>No metrics: the API is not there.</summary>
internal sealed class NoPodMetrics : IPodMetrics
{
    /// <inheritdoc/>
    public bool Exist => false;

    /// <inheritdoc/>
    public Quantity? Usage(Document pod, string resource, string? container) => null;
}
