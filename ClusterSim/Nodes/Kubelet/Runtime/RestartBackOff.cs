using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Pods;

namespace ClusterSim.Nodes.Runtime;

/// <summary>The back-off between the restarts of a pod's containers (<c>doBackOff</c>).</summary>
internal sealed class RestartBackOff(NodeContext node, AssignedPod pod, PodWorkQueue queue, PodEventRecorder events)
{
    /// <summary>The reason of a container that the runtime could not start.</summary>
    public const string StartError = "StartError";

    private Dictionary<string, State>? _states;

    /// <summary>Returns whether a container that has ended must wait; records it, and enqueues a sync for the end of the wait.</summary>
    public bool MustWait(PodContainer container, ContainerExit exit)
    {
        _states ??= new(StringComparer.Ordinal);
        if (!_states.TryGetValue(container.Name, out var state))
            _states[container.Name] = state = new State(new CrashLoopBackOff(node.Clock));
        if (state.Reported != exit && exit.Reason != StartError)
            container.ClearWaiting();
        var left = state.BackOff.Left(exit.FinishedAt);
        if (left <= TimeSpan.Zero)
        {
            state.BackOff.Next(exit.FinishedAt);
            return false;
        }
        Report(container, exit, state);
        queue.EnqueueAfter(left);
        queue.EnqueueAfterResyncInterval();
        return true;
    }

    // As in Kubernetes 1.36, the status shows the exit until the next sync within the same wait; only then CrashLoopBackOff. A container that a
    // probe has killed is synced twice at once: after the kill, and after its end.
    private void Report(PodContainer container, ContainerExit exit, State state)
    {
        events.RecordWarning(container, "BackOff", $"Back-off restarting failed container {container.Name} in pod {pod.FullName}");
        if (state.Reported == exit)
            container.Wait("CrashLoopBackOff", $"back-off {state.BackOff.Current.ToGoString()} restarting failed container={container.Name} pod={pod.FullName}");
        else if (container.IsBeingKilled)
            queue.Enqueue();
        state.Reported = exit;
        container.SetBeingKilled(false);
    }

    private sealed class State(CrashLoopBackOff backOff)
    {
        public CrashLoopBackOff BackOff { get; } = backOff;

        /// <summary>The exit for which the back-off was last recorded.</summary>
        public ContainerExit? Reported { get; set; }
    }
}
