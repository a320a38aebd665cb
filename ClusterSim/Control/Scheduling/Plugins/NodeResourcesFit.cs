using System.Collections.Immutable;
using ClusterSim.Scheduling.Framework;

namespace ClusterSim.Scheduling.Plugins;

/// <summary>
/// Rejects nodes without enough free resources, and prefers those with the most (strategy <c>LeastAllocated</c>;
/// <c>plugins/noderesources/fit.go</c>, <c>least_allocated.go</c>).
/// </summary>
internal sealed class NodeResourcesFit : IFilterPlugin, IScorePlugin, IEnqueueExtensions
{
    /// <inheritdoc/>
    public string Name => nameof(NodeResourcesFit);

    /// <inheritdoc/>
    public ClusterEvents EventsToRegister => ClusterEvents.AssignedPodDelete;

    /// <inheritdoc/>
    public Status? Filter(CycleState state, PodInfo pod, NodeInfo node)
    {
        var requests = pod.Requests;
        var allocatable = node.Allocatable;
        var requested = node.Requested;
        var nominated = state.Nominated.Requests;
        if (node.Pods.Count + state.Nominated.Pods + 1 <= node.AllowedPodNumber
            && (requests.MilliCpu == 0 || requests.MilliCpu <= allocatable.MilliCpu - requested.MilliCpu - nominated.MilliCpu)
            && (requests.Memory == 0 || requests.Memory <= allocatable.Memory - requested.Memory - nominated.Memory)
            && (requests.EphemeralStorage == 0 || requests.EphemeralStorage <= allocatable.EphemeralStorage - requested.EphemeralStorage - nominated.EphemeralStorage)
            && requests.ScalarResources.IsEmpty)
            return null;
        return InsufficientResources(requests, node, state.Nominated);
    }

    /// <inheritdoc/>
    public double Score(CycleState state, PodInfo pod, NodeInfo node)
    {
        var cpu = Fraction(node.NonZeroRequested.MilliCpu + pod.NonZeroRequests.MilliCpu, node.Allocatable.MilliCpu);
        var memory = Fraction(node.NonZeroRequested.Memory + pod.NonZeroRequests.Memory, node.Allocatable.Memory);
        return Math.Floor((Math.Floor((1 - cpu) * ScorePlugin.MaxNodeScore) + Math.Floor((1 - memory) * ScorePlugin.MaxNodeScore)) / 2);
    }

    /// <summary>Returns the requested fraction of what is allocatable; at most 1.</summary>
    internal static double Fraction(long requested, long allocatable) => allocatable <= 0 ? 1 : Math.Min(1, (double)requested / allocatable);

    private static Status? InsufficientResources(in Resource requests, NodeInfo node, NominatedRequests nominated)
    {
        var reasons = ImmutableArray.CreateBuilder<string>();
        var code = Code.Unschedulable;
        var allocatable = node.Allocatable;
        var requested = node.Requested + nominated.Requests;
        if (node.Pods.Count + nominated.Pods + 1 > node.AllowedPodNumber)
            reasons.Add("Too many pods");
        Check("cpu", requests.MilliCpu, allocatable.MilliCpu, requested.MilliCpu);
        Check("memory", requests.Memory, allocatable.Memory, requested.Memory);
        Check("ephemeral-storage", requests.EphemeralStorage, allocatable.EphemeralStorage, requested.EphemeralStorage);
        foreach (var (name, amount) in requests.ScalarResources)
            Check(name, amount, allocatable.ScalarResources.GetValueOrDefault(name), requested.ScalarResources.GetValueOrDefault(name));
        return reasons.Count == 0 ? null : new Status(code, nameof(NodeResourcesFit), reasons.ToImmutable());

        void Check(string name, long request, long of, long used)
        {
            if (request == 0 || request <= of - used)
                return;
            reasons.Add("Insufficient " + name);
            if (request > of)
                code = Code.UnschedulableAndUnresolvable;
        }
    }
}
