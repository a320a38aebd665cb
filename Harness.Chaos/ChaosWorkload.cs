namespace Harness.Chaos;

/// <summary>A workload of the system, and how generated faults hit it.</summary>
/// <param name="Namespace">The namespace.</param>
/// <param name="Name">The name of the Deployment or StatefulSet. Its pods have the label <c>app.kubernetes.io/name</c> with this value.</param>
public sealed record ChaosWorkload(string Namespace, string Name)
{
    /// <summary>The number of pods.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>The HTTP port of the pods; null where they do not speak HTTP.</summary>
    public int? HttpPort { get; init; }

    /// <summary>The path that answers 2xx when a pod is ready; used with <see cref="HttpPort"/>.</summary>
    public string ReadinessPath { get; init; } = "/readiness";

    /// <summary>How often generated faults kill pods of this workload, relative to the others; 0: never.</summary>
    public int KillWeight { get; init; } = 1;

    /// <summary>Whether generated faults skew the clock of its pods.</summary>
    public bool CanSkewClock { get; init; } = true;

    /// <summary>The workload's pods as a set: <c>namespace/name</c>.</summary>
    public string Pods => $"{Namespace}/{Name}";
}

/// <summary>A connection between workloads that generated faults hit.</summary>
/// <param name="From">The client.</param>
/// <param name="To">The server.</param>
public sealed record ChaosRoute(ChaosWorkload From, ChaosWorkload To)
{
    /// <summary>How often generated faults hit this route, relative to the others.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Whether the route is HTTP/1.1, so that an answer can be replaced.</summary>
    public bool IsHttp { get; init; }
}
