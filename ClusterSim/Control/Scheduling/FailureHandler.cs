using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Registry;
using ClusterSim.Scheduling.Framework;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling;

/// <summary>Handles pods that fit no node (<c>handleSchedulingFailure</c> of <c>schedule_one.go</c>).</summary>
internal sealed class FailureHandler(ApiClient client, SchedulingQueue queue, SchedulerEvents events, TimeProvider clock)
{
    private readonly ResourceType _pods = client.Resource("pods");

    /// <summary>Puts the pod back into the queue, and records the reason in an event and in the condition <c>PodScheduled</c>.</summary>
    public void HandleSchedulingFailure(PodInfo pod, FitError error, long moveRequestCycle)
    {
        queue.AddUnschedulable(pod.Pod.Key, pod.Priority, error.UnschedulablePlugins, queue.Attempts(pod.Pod.Key) + 1, moveRequestCycle);
        events.Warning(pod.Pod, "FailedScheduling", "Scheduling", error.Message);
        UpdatePodCondition(pod.Pod, "Unschedulable", error.Message, error.Candidate?.Node.Name);
    }

    /// <summary>Records in the pod's condition that a plugin holds it back.</summary>
    public void HandleGatedPod(Document pod, Status status) => UpdatePodCondition(pod, "SchedulingGated", string.Join(", ", status.Reasons), null);

    private void UpdatePodCondition(Document pod, string reason, string message, string? nominatedNodeName) => client.Change(_pods, pod.Key, @object =>
    {
        if ((@object["metadata"] as JsonObject).Text("uid") != pod.Uid || !string.IsNullOrEmpty((@object["spec"] as JsonObject).Text("nodeName")))
            return false;
        var status = @object.Ensure("status");
        var generation = (@object["metadata"] as JsonObject).Integer("generation");
        var changed = Conditions.Set(status, "PodScheduled", "False", reason, message, clock.GetUtcNow(), ("observedGeneration", generation));
        if (changed)
            Conditions.Find(status, "PodScheduled")!["lastProbeTime"] = null;
        if (nominatedNodeName is not null && status.Text("nominatedNodeName") != nominatedNodeName)
        {
            status["nominatedNodeName"] = nominatedNodeName;
            changed = true;
        }
        return changed;
    }, "status");
}
