using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Nodes.Containers;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Nodes;

internal sealed partial class PodWorker
{
    private static readonly IReadOnlyList<string> ConditionsOfKubelets = ["PodResizePending", "PodResizeInProgress", "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady"];

    /// <summary>Writes the status, if it says something new, through the API's status subresource as this node.</summary>
    private void WriteStatus()
    {
        var generation = _pod.Metadata.At("generation").Integer() ?? 1;
        var written = _node.Client.Change(
            _node.Pods, _key,
            live =>
            {
                if ((live["metadata"] as JsonObject).Text("uid") != _uid)
                    return false;
                var before = live["status"]?.ToElement() ?? default;
                var after = Status(before, generation);
                if (Same(before, after.ToElement()))
                    return false;
                live["status"] = after;
                return true;
            },
            "status");
        if (written is not null)
            Interlocked.Exchange(ref _written, written.Revision);
    }

    private JsonObject Status(JsonElement before, long generation)
    {
        var phase = _failedReason is not null && _isOver ? "Failed" : PodStatus.Phase(_pod, _containers, _isOver);
        var isInitializing = !_isInitialized && _containers.Exists(container => container.Kind is ContainerKind.Init or ContainerKind.Sidecar);
        var status = before.ToObject();
        status["phase"] = phase;
        status["observedGeneration"] = generation;
        status["startTime"] = _startTime.Stamp();
        status["hostIP"] = _node.Address;
        status["hostIPs"] = new JsonArray(Object(("ip", _node.Address)));
        if (_address.Length > 0)
        {
            status["podIP"] = _address;
            status["podIPs"] = new JsonArray(Object(("ip", _address)));
        }
        if (_failedReason is not null && phase == "Failed")
            (status["reason"], status["message"]) = (_failedReason, _failedMessage);
        status["conditions"] = new JsonArray([.. Conditions(before.At("conditions"), phase, generation)]);
        Set(status, "containerStatuses", _containers.Where(container => container.Kind == ContainerKind.Regular).OrderBy(container => container.Name, StringComparer.Ordinal), isInitializing);
        Set(status, "initContainerStatuses", _containers.Where(container => container.Kind is ContainerKind.Init or ContainerKind.Sidecar), isInitializing);
        Set(status, "ephemeralContainerStatuses", _containers.Where(container => container.Kind == ContainerKind.Ephemeral), isInitializing: false);
        return status;
    }

    private void Set(JsonObject status, string field, IEnumerable<PodContainer> containers, bool isInitializing)
    {
        JsonNode[] statuses = [.. containers.Select(container => PodStatus.Container(container, isInitializing, _pod))];
        if (statuses.Length > 0)
            status[field] = new JsonArray(statuses);
    }

    private IEnumerable<JsonObject> Conditions(JsonElement before, string phase, long generation)
    {
        var now = _node.Clock.GetUtcNow();
        var unready = _containers.Where(one => one.Kind is ContainerKind.Regular or ContainerKind.Sidecar && !one.IsReady).Select(one => one.Name).ToList();
        var ended = phase switch { "Succeeded" => "PodCompleted", "Failed" => "PodFailed", _ => null };
        var containersReady = ended is null && unready.Count == 0;
        var why = ended ?? (containersReady ? null : "ContainersNotReady");
        var told = ended is null && !containersReady ? $"containers with unready status: {PodStatus.Names(unready)}" : null;
        var (ready, readyWhy, readyTold) = containersReady ? Gates(before) : (false, why, told);

        foreach (var resizing in ResizeConditions(before, now))
            yield return resizing;
        yield return PodStatus.Condition(before, "PodReadyToStartContainers", _network is not null, now, generation);
        yield return Initialized(before, phase, now, generation);
        yield return PodStatus.Condition(before, "Ready", ready, now, generation, readyWhy, readyTold);
        yield return PodStatus.Condition(before, "ContainersReady", containersReady, now, generation, why, told);
        if (!before.Items().Any(condition => condition.At("type").Text() == "PodScheduled"))
            yield return PodStatus.Condition(before, "PodScheduled", holds: true, now, generation);
        foreach (var other in before.Items())
            if (!ConditionsOfKubelets.Contains(other.At("type").Text("")))
            {
                var kept = other.ToObject();
                if (other.At("type").Text() == "PodScheduled")
                    kept["observedGeneration"] = generation;
                yield return kept;
            }
    }

    private JsonObject Initialized(JsonElement before, string phase, DateTimeOffset now, long generation)
    {
        if (phase == "Succeeded")
            return PodStatus.Condition(before, "Initialized", holds: true, now, generation, "PodCompleted");
        var incomplete = _isInitialized
            ? []
            : _containers.Where(one => one.Kind == ContainerKind.Init ? one.Run?.Exit?.ExitCode != 0 : one.Kind == ContainerKind.Sidecar && !one.IsStarted).Select(one => one.Name).ToList();
        return incomplete.Count == 0
            ? PodStatus.Condition(before, "Initialized", holds: true, now, generation)
            : PodStatus.Condition(before, "Initialized", holds: false, now, generation, "ContainersNotInitialized", $"containers with incomplete status: {PodStatus.Names(incomplete)}");
    }

    /// <summary>The readiness gates: conditions that others set and that must hold besides.</summary>
    private (bool Ready, string? Reason, string? Message) Gates(JsonElement conditions)
    {
        var missing = new List<string>();
        foreach (var gate in _pod.Spec.At("readinessGates").Items())
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
}
