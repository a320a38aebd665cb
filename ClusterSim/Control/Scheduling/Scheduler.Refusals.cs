using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling;

internal sealed partial class Scheduler
{
    /// <summary>Why no node took a pod, and whether others have to go for it (<c>FitError</c>).</summary>
    private Refusal Refuse(PodInfo pod, VolumeBinding volumes, Dictionary<NodeInfo, Rejection> rejections)
    {
        var total = _cache.Nodes.Count;
        if (total == 0)
            return new Refusal("no nodes available to schedule pods", pod.Priority, new HashSet<string>(StringComparer.Ordinal), null);
        if (volumes.Impossible is { } impossible)
            return new Refusal(
                $"0/{total} nodes are available: {impossible}. not found", pod.Priority, new HashSet<string>(["VolumeBinding"], StringComparer.Ordinal), null);

        var plugins = rejections.Values.Select(rejection => rejection.Plugin).ToHashSet(StringComparer.Ordinal);
        var message = $"0/{total} nodes are available: {Counted(rejections.Values.SelectMany(rejection => rejection.Reasons))}.";
        if (pod.Pod.Spec.At("preemptionPolicy").Text() == "Never")
            return new Refusal($"{message} no new claims to deallocate, preemption: not eligible due to preemptionPolicy=Never.", pod.Priority, plugins, null);
        if (_nominated.TryGetValue(pod.Pod.Key, out var nominated) && _cache.Find(nominated.Node) is { } node
            && node.Pods.Any(other => other.Pod.IsDeleting && other.Priority < pod.Priority))
            return new Refusal($"{message} no new claims to deallocate, preemption: not eligible due to a terminating pod on the nominated node.", pod.Priority, plugins, null);
        var candidate = _preemption.Find(pod, volumes, rejections, _client.Server.Random.Next(total), out var reasons);
        if (candidate is null)
            return new Refusal($"{message} no new claims to deallocate, preemption: 0/{total} nodes are available: {Counted(reasons)}.", pod.Priority, plugins, null);
        _nominated[pod.Pod.Key] = (pod, candidate.Node.Name);
        return new Refusal(message, pod.Priority, plugins, candidate);
    }

    private void TellRefusal(Document pod, Refusal refusal, long moves)
    {
        _queue.AddRefused(pod.Key, refusal.Priority, refusal.Plugins, _queue.Attempts(pod.Key) + 1, moves);
        _events.Warning(pod, "FailedScheduling", "Scheduling", refusal.Message);
        WriteCondition(pod, "Unschedulable", refusal.Message, refusal.Candidate?.Node.Name);
        foreach (var victim in refusal.Candidate?.Victims ?? [])
            Evict(pod, victim.Pod, refusal.Candidate!.Node.Name);
    }

    private void WriteCondition(Document pod, string reason, string message, string? nominated = null) => _client.Change(_pods, pod.Key, @object =>
    {
        if ((@object["metadata"] as JsonObject).Text("uid") != pod.Uid || !string.IsNullOrEmpty((@object["spec"] as JsonObject).Text("nodeName")))
            return false;
        var status = @object.Ensure("status");
        var generation = (@object["metadata"] as JsonObject).Integer("generation");
        var changed = Conditions.Set(status, "PodScheduled", "False", reason, message, _context.Clock.GetUtcNow(), ("observedGeneration", generation));
        if (changed)
            Conditions.Find(status, "PodScheduled")!["lastProbeTime"] = null;
        if (nominated is not null && status.Text("nominatedNodeName") != nominated)
        {
            status["nominatedNodeName"] = nominated;
            changed = true;
        }
        return changed;
    }, "status");

    private void Evict(Document pod, Document victim, string node)
    {
        _client.Change(_pods, victim.Key, @object => Conditions.Set(
            @object.Ensure("status"), "DisruptionTarget", "True", "PreemptionByScheduler", $"{Name}: preempting to accommodate a higher priority pod", _context.Clock.GetUtcNow()), "status");
        try
        {
            _client.Delete(_pods, victim.Key, new DeleteOptions { PreconditionUid = victim.Uid });
            _events.Normal(victim, "Preempted", "Preempting", $"Preempted by pod {pod.Uid} on node {node}");
        }
        catch (KubernetesApiException gone) when (gone.Code == 409)
        {
            // Another pod has its name by now: the room is there.
        }
    }

    /// <summary>As FitError counts: <c>2 Insufficient cpu, 1 node(s) were unschedulable</c>, sorted as texts.</summary>
    private static string Counted(IEnumerable<string> reasons) => string.Join(", ", reasons
        .GroupBy(reason => reason, StringComparer.Ordinal).Select(group => $"{group.Count()} {group.Key}").Order(StringComparer.Ordinal));

    private sealed record Refusal(string Message, int Priority, IReadOnlySet<string> Plugins, Preemption.Candidate? Candidate);
}
