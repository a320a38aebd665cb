using ClusterSim.Scheduling.Framework;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling;

/// <summary>
/// Schedules one pod (<c>ScheduleOne</c> of <c>schedule_one.go</c>): 1. chooses a node; 2. assumes the pod there, so that the next pod can be
/// scheduled while this one is bound; 3. starts the binding cycle, or hands the pod to the failure handler.
/// </summary>
internal sealed class ScheduleOne(
    SchedulerProfile profile, SchedulingAlgorithm algorithm, IPostFilterPlugin postFilter, SchedulerCache cache, Nominator nominator, SchedulingQueue queue,
    BindingCycle bindingCycle, FailureHandler failureHandler)
{
    /// <summary>Schedules a pod that awaits it.</summary>
    public void Run(Document pod, long moveRequestCycle)
    {
        if (profile.RunPreEnqueuePlugins(pod) is { } gated)
        {
            failureHandler.HandleGatedPod(pod, gated);
            return;
        }
        PodInfo info;
        AssumedPod? assumed;
        FitError? fitError;
        lock (cache.Lock)
        {
            if (cache.NodeNameOf(pod.Key) is not null)
                return;
            info = cache.Parse(pod);
            assumed = SchedulingCycle(info, out fitError);
        }
        if (assumed is null)
        {
            failureHandler.HandleSchedulingFailure(info, fitError!, moveRequestCycle);
            if (fitError!.Candidate is { } candidate)
                postFilter.PrepareCandidate(info, candidate);
            return;
        }
        queue.Delete(pod.Key);
        bindingCycle.Start(assumed);
    }

    private AssumedPod? SchedulingCycle(PodInfo pod, out FitError? fitError)
    {
        fitError = null;
        var state = new CycleState();
        var total = cache.Nodes.Count;
        if (total == 0)
        {
            fitError = FitError.NoNodes;
            return null;
        }
        if (profile.RunPreFilterPlugins(state, pod, cache.Nodes) is { } status)
        {
            fitError = FitError.PreFilter(total, status);
            return null;
        }
        if (algorithm.SchedulePod(state, pod, out var nodeToStatus) is not { } node)
        {
            var result = postFilter.PostFilter(state, pod, nodeToStatus);
            if (result.Candidate is { } candidate)
                nominator.AddNominatedPod(pod, candidate.Node.Name);
            fitError = FitError.Filter(total, nodeToStatus, result);
            return null;
        }
        cache.AddPod(pod, node.Name);
        nominator.DeleteNominatedPodIfExists(pod.Pod.Key);
        return bindingCycle.Reserve(pod, node.Name, queue.Attempts(pod.Pod.Key), state);
    }
}
