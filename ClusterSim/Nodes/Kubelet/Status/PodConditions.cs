using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Nodes.Containers;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Nodes.Status;

/// <summary>The conditions of a pod (<c>GeneratePodReadyCondition</c>, <c>GeneratePodInitializedCondition</c> and the like).</summary>
internal static class PodConditions
{
    private static readonly IReadOnlyList<string> OwnedByKubelet = ["PodResizePending", "PodResizeInProgress", "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"];

    /// <summary>Returns the new conditions, those of others included.</summary>
    /// <param name="before">The conditions so far.</param>
    /// <param name="state">The state of the pod.</param>
    /// <param name="phase">The new phase.</param>
    /// <param name="now">The transition time of conditions that change.</param>
    public static IReadOnlyList<JsonObject> Generate(JsonElement before, in PodRuntimeStatus state, string phase, DateTimeOffset now)
    {
        var generation = state.Generation;
        var unready = state.Containers.Where(one => one.Kind is ContainerKind.Regular or ContainerKind.Sidecar && !one.IsReady).Select(one => one.Name).ToList();
        var ended = phase switch { "Succeeded" => "PodCompleted", "Failed" => "PodFailed", _ => null };
        var areReady = ended is null && unready.Count == 0;
        var reason = ended ?? (areReady ? null : "ContainersNotReady");
        var message = ended is null && !areReady ? $"containers with unready status: {Names(unready)}" : null;
        var (isReady, readyReason, readyMessage) = areReady ? ReadinessGates(state.Pod, before) : (false, reason, message);

        List<JsonObject> conditions = [];
        if (state.Resize.Pending is { } pending)
            conditions.Add(Condition(before, "PodResizePending", holds: true, now, pending.Generation, pending.Reason, pending.Message));
        if (state.Resize.InProgressGeneration is { } resizing)
            conditions.Add(Condition(before, "PodResizeInProgress", holds: true, now, resizing));
        conditions.Add(Condition(before, "PodReadyToStartContainers", state.IsSandboxReady, now, generation));
        conditions.Add(Initialized(before, state, phase, now));
        conditions.Add(Condition(before, "Ready", isReady, now, generation, readyReason, readyMessage));
        conditions.Add(Condition(before, "ContainersReady", areReady, now, generation, reason, message));
        if (!before.Items().Any(condition => condition.At("type").Text() == "PodScheduled"))
            conditions.Add(Condition(before, "PodScheduled", holds: true, now, generation));
        foreach (var other in before.Items())
        {
            var type = other.At("type").Text("");
            if (OwnedByKubelet.Contains(type))
                continue;
            var kept = other.ToObject();
            if (type == "PodScheduled")
                kept["observedGeneration"] = generation;
            conditions.Add(kept);
        }
        return conditions;
    }

    private static JsonObject Initialized(JsonElement before, in PodRuntimeStatus state, string phase, DateTimeOffset now)
    {
        if (phase == "Succeeded")
            return Condition(before, "Initialized", holds: true, now, state.Generation, "PodCompleted");
        var incomplete = state.IsInitialized
            ? []
            : state.Containers.Where(one => one.Kind == ContainerKind.Init ? one.Run?.Exit?.ExitCode != 0 : one.Kind == ContainerKind.Sidecar && !one.IsStarted).Select(one => one.Name).ToList();
        return incomplete.Count == 0
            ? Condition(before, "Initialized", holds: true, now, state.Generation)
            : Condition(before, "Initialized", holds: false, now, state.Generation, "ContainersNotInitialized", $"containers with incomplete status: {Names(incomplete)}");
    }

    /// <summary>Returns whether the conditions that the pod's readiness gates name hold.</summary>
    private static (bool Ready, string? Reason, string? Message) ReadinessGates(Document pod, JsonElement conditions)
    {
        var missing = new List<string>();
        foreach (var gate in pod.Spec.At("readinessGates").Items())
        {
            var type = gate.At("conditionType").Text("");
            var condition = conditions.Items().FirstOrDefault(one => one.At("type").Text() == type);
            if (!condition.Exists())
                missing.Add($"corresponding condition of pod readiness gate \"{type}\" does not exist.");
            else if (condition.At("status").Text() != "True")
                missing.Add($"the status of pod readiness gate \"{type}\" is not \"True\", but {condition.At("status").Text("")}");
        }
        return missing.Count == 0 ? (true, null, null) : (false, "ReadinessGatesNotReady", string.Join(", ", missing));
    }

    /// <summary>Returns a condition; one whose status does not change keeps its transition time.</summary>
    private static JsonObject Condition(JsonElement before, string type, bool holds, DateTimeOffset now, long generation, string? reason = null, string? message = null)
    {
        var same = before.Items().FirstOrDefault(condition => condition.At("type").Text() == type);
        var status = holds ? "True" : "False";
        var unchanged = same.At("status").Text() == status ? same.At("lastTransitionTime").Text() : null;
        var condition = Object(
            ("lastTransitionTime", unchanged ?? now.Stamp()), ("message", message), ("observedGeneration", generation), ("reason", reason), ("status", status), ("type", type));
        condition["lastProbeTime"] = null;
        return condition;
    }

    // As Go prints a slice.
    private static string Names(List<string> names) => $"[{string.Join(' ', names)}]";
}
