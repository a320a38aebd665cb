using ClusterSim;

namespace Harness.Chaos;

/// <summary>The system that a run uses: a simulated cluster with the kustomization of harness.yaml on it.</summary>
public interface IChaosSystem
{
    /// <summary>The cluster.</summary>
    SimulatedCluster Cluster { get; }

    /// <summary>Returns the names of a workload's pods that are not being deleted, in order.</summary>
    IReadOnlyList<string> Pods(ChaosWorkload workload);

    /// <summary>
    /// Sends a request that may be repeated, until the pod answers anything but 503: with every fault over, "try again" has to come to an end.
    /// </summary>
    /// <param name="workload">The workload of the pod; <see cref="ChaosWorkload.HttpPort"/> is set.</param>
    /// <param name="pod">The name of the pod.</param>
    /// <param name="method">The method.</param>
    /// <param name="path">The path.</param>
    /// <param name="token">A bearer token; null: none.</param>
    /// <param name="json">The body; null: none.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="TimeoutException">There was no such answer for 30 s; the message has the last one.</exception>
    Task<(int Status, string Body)> RequestAsync(
        ChaosWorkload workload, string pod, HttpMethod method, string path, string? token = null, string? json = null, CancellationToken cancellation = default);

    /// <summary>Requests a token of a service account (TokenRequest).</summary>
    /// <param name="namespace">The account's namespace.</param>
    /// <param name="account">The account's name.</param>
    /// <param name="audience">The audience of the token.</param>
    /// <param name="cancellation">Ends the wait.</param>
    Task<string> TokenAsync(string @namespace, string account, string audience, CancellationToken cancellation = default);
}
