using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Nodes.Containers;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Nodes.Status;

/// <summary>Generates the status that the API shows of a pod (<c>generateAPIPodStatus</c>).</summary>
internal static class PodStatusGenerator
{
    /// <summary>Returns the new status.</summary>
    /// <param name="before">The status so far; fields and conditions that others own are kept.</param>
    /// <param name="state">The state of the pod.</param>
    /// <param name="now">The time of conditions that change.</param>
    public static JsonObject Generate(JsonElement before, in PodRuntimeStatus state, DateTimeOffset now)
    {
        var phase = state is { Failure: not null, IsTerminated: true } ? "Failed" : PodPhase.Of(state.Pod, state.Containers, state.IsTerminated);
        var isInitializing = !state.IsInitialized && state.Containers.Any(container => container.Kind is ContainerKind.Init or ContainerKind.Sidecar);
        var status = before.ToObject();
        status["phase"] = phase;
        status["observedGeneration"] = state.Generation;
        status["startTime"] = state.StartTime.Stamp();
        status["hostIP"] = state.HostAddress;
        status["hostIPs"] = new JsonArray(Object(("ip", state.HostAddress)));
        if (state.PodAddress.Length > 0)
        {
            status["podIP"] = state.PodAddress;
            status["podIPs"] = new JsonArray(Object(("ip", state.PodAddress)));
        }
        if (phase == "Failed" && state.Failure is var (reason, message))
            (status["reason"], status["message"]) = (reason, message);
        status["conditions"] = new JsonArray([.. PodConditions.Generate(before.At("conditions"), state, phase, now)]);
        var regular = state.Containers.Where(container => container.Kind == ContainerKind.Regular).OrderBy(container => container.Name, StringComparer.Ordinal);
        SetStatuses(status, "containerStatuses", regular, isInitializing, state.Pod);
        SetStatuses(status, "initContainerStatuses", state.Containers.Where(container => container.Kind is ContainerKind.Init or ContainerKind.Sidecar), isInitializing, state.Pod);
        SetStatuses(status, "ephemeralContainerStatuses", state.Containers.Where(container => container.Kind == ContainerKind.Ephemeral), isInitializing: false, state.Pod);
        return status;
    }

    private static void SetStatuses(JsonObject status, string field, IEnumerable<PodContainer> containers, bool isInitializing, Document pod)
    {
        JsonNode[] statuses = [.. containers.Select(container => ContainerStatuses.Of(container, isInitializing, pod))];
        if (statuses.Length > 0)
            status[field] = new JsonArray(statuses);
    }
}
