using System.Collections.Immutable;
using ClusterSim.Objects;

namespace ClusterSim.Scheduling;

/// <summary>
/// Whether a node can take a pod, in kube-scheduler's order of filters and in its words; the first that says no is the one that is told.
/// </summary>
internal static class Filters
{
    /// <summary>Why not; null where the node can take it. <paramref name="reserved"/> is room kept for pods that others were evicted for.</summary>
    public static Rejection? Run(PodInfo pod, NodeInfo node, PlacementState state, VolumeBinding volumes, in ResourceAmounts reserved, int reservedPods)
    {
        if (node.IsUnschedulable && !Tolerates(pod, Unschedulable))
            return Unscheduled;
        if (UntoleratedTaint(pod, node) is not null)
            return Tainted;
        if (!MatchesNodeAffinity(pod, node))
            return NotWanted;
        if (!pod.HostPorts.IsEmpty && pod.HostPorts.Any(port => node.Ports.Any(port.Conflicts)))
            return PortsTaken;
        return Fit(pod, node, reserved, reservedPods) ?? volumes.Filter(node) ?? Spread(pod, node, state) ?? PodAffinity(pod, node, state);
    }

    /// <summary>Whether the pod's nodeSelector and required node affinity want the node.</summary>
    public static bool MatchesNodeAffinity(PodInfo pod, NodeInfo node)
    {
        foreach (var (key, value) in pod.NodeSelector)
            if (!node.Labels.TryGetValue(key, out var has) || has != value)
                return false;
        return pod.RequiredNodes is null || pod.RequiredNodes.Matches(node.Name, node.Labels);
    }

    /// <summary>The first taint that keeps the pod off; null where none does.</summary>
    public static Taint? UntoleratedTaint(PodInfo pod, NodeInfo node)
    {
        foreach (var taint in node.Taints)
            if (taint.Effect is "NoSchedule" or "NoExecute" && !Tolerates(pod, taint))
                return taint;
        return null;
    }

    /// <summary>Whether the pod tolerates a taint.</summary>
    public static bool Tolerates(PodInfo pod, Taint taint)
    {
        foreach (var toleration in pod.Tolerations)
            if (toleration.Tolerates(taint))
                return true;
        return false;
    }

    private static readonly Taint Unschedulable = new("node.kubernetes.io/unschedulable", "", "NoSchedule");
    private static readonly Rejection Unscheduled = Rejection.Unresolvable("NodeUnschedulable", "node(s) were unschedulable");
    private static readonly Rejection Tainted = Rejection.Unresolvable("TaintToleration", "node(s) had untolerated taint(s)");
    private static readonly Rejection NotWanted = Rejection.Unresolvable("NodeAffinity", "node(s) didn't match Pod's node affinity/selector");
    private static readonly Rejection PortsTaken = Rejection.Resolvable("NodePorts", "node(s) didn't have free ports for the requested pod ports");
    private static readonly Rejection Unspread = Rejection.Resolvable("PodTopologySpread", "node(s) didn't match pod topology spread constraints");
    private static readonly Rejection NoPlace = Rejection.Unresolvable("PodTopologySpread", "node(s) didn't match pod topology spread constraints (missing required label)");
    private static readonly Rejection AloneButWantsCompany = Rejection.Unresolvable("InterPodAffinity", "node(s) didn't match pod affinity rules");
    private static readonly Rejection BadCompany = Rejection.Resolvable("InterPodAffinity", "node(s) didn't match pod anti-affinity rules");
    private static readonly Rejection Unwelcome = Rejection.Resolvable("InterPodAffinity", "node(s) didn't satisfy existing pods anti-affinity rules");

    private static Rejection? Fit(PodInfo pod, NodeInfo node, in ResourceAmounts reserved, int reservedPods)
    {
        var wants = pod.Requests;
        var has = node.Allocatable;
        var used = node.Requested;
        if (node.Pods.Count + reservedPods + 1 <= node.PodsMax
            && (wants.MilliCpu == 0 || wants.MilliCpu <= has.MilliCpu - used.MilliCpu - reserved.MilliCpu)
            && (wants.Memory == 0 || wants.Memory <= has.Memory - used.Memory - reserved.Memory)
            && (wants.EphemeralStorage == 0 || wants.EphemeralStorage <= has.EphemeralStorage - used.EphemeralStorage - reserved.EphemeralStorage)
            && wants.Others.IsEmpty)
            return null;

        var reasons = ImmutableArray.CreateBuilder<string>();
        var resolvable = true;
        if (node.Pods.Count + reservedPods + 1 > node.PodsMax)
            reasons.Add("Too many pods");
        Check("cpu", wants.MilliCpu, has.MilliCpu, used.MilliCpu + reserved.MilliCpu);
        Check("memory", wants.Memory, has.Memory, used.Memory + reserved.Memory);
        Check("ephemeral-storage", wants.EphemeralStorage, has.EphemeralStorage, used.EphemeralStorage + reserved.EphemeralStorage);
        foreach (var (name, amount) in wants.Others)
            Check(name, amount, has.Others.GetValueOrDefault(name), used.Others.GetValueOrDefault(name) + reserved.Others.GetValueOrDefault(name));
        return reasons.Count == 0 ? null : new Rejection("NodeResourcesFit", resolvable, reasons.ToImmutable());

        void Check(string name, long wanted, long allocatable, long taken)
        {
            if (wanted == 0 || wanted <= allocatable - taken)
                return;
            reasons.Add("Insufficient " + name);
            // What the whole node does not have, no eviction gives.
            resolvable &= wanted <= allocatable;
        }
    }

    private static Rejection? Spread(PodInfo pod, NodeInfo node, PlacementState state)
    {
        foreach (var count in state.Spread)
        {
            if (!count.Constraint.Hard)
                continue;
            if (!node.Labels.TryGetValue(count.Constraint.TopologyKey, out var place))
                return NoPlace;
            var self = count.Constraint.Selector.Matches(pod.Group.Labels) ? 1 : 0;
            if (count.ByPlace.GetValueOrDefault(place) + self - count.Emptiest > count.Constraint.MaxSkew)
                return Unspread;
        }
        return null;
    }

    private static Rejection? PodAffinity(PodInfo pod, NodeInfo node, PlacementState state)
    {
        if (!pod.Affinity.IsEmpty)
        {
            var first = state.MatchesItsOwnAffinity && state.Affinity.All(counts => counts.Count == 0);
            for (var i = 0; i < pod.Affinity.Length; i++)
            {
                if (!node.Labels.TryGetValue(pod.Affinity[i].TopologyKey, out var place))
                    return AloneButWantsCompany;
                if (!first && state.Affinity[i].GetValueOrDefault(place) == 0)
                    return AloneButWantsCompany;
            }
        }
        for (var i = 0; i < pod.AntiAffinity.Length; i++)
            if (node.Labels.TryGetValue(pod.AntiAffinity[i].TopologyKey, out var place) && state.AntiAffinity[i].GetValueOrDefault(place) > 0)
                return BadCompany;
        foreach (var (key, value) in state.Forbidden)
            if (node.Labels.GetValueOrDefault(key) == value)
                return Unwelcome;
        return null;
    }
}
