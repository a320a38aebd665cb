using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Admission;
using ClusterSim.Client;
using ClusterSim.Nodes.Containers;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Nodes;

/// <summary>
/// Resizing in place (<c>pods/resize</c>), as the kubelet's allocation manager does it: a wish is infeasible where the node could never grant it,
/// deferred where others have the room now, and else granted at once. Granted is what the documents say: no cgroup stands behind it. A container
/// whose <c>resizePolicy</c> wants a restart is restarted.
/// </summary>
internal sealed partial class PodWorker
{
    private static readonly TimeSpan ResizeRetryPeriod = TimeSpan.FromMinutes(3);
    private static readonly IReadOnlyList<string> Resized = ["cpu", "memory"];

    private (string Reason, string Message, long Generation)? _resizePending;
    private long? _resizeGeneration;

    /// <summary>Whether the pod waits for room for what it asks for.</summary>
    public bool IsResizeDeferred => _resizePending is { Reason: "Deferred" };

    private long Generation => _pod.Metadata.At("generation").Integer() ?? 1;

    private void Resize()
    {
        List<PodContainer> changed = [.. _containers.Where(container => container.Kind is ContainerKind.Regular or ContainerKind.Sidecar && !Same(container.Spec.At("resources"), container.Allocated))];
        if (changed.Count == 0)
        {
            _resizePending = null;
            return;
        }
        if (Refusal() is var (reason, message))
        {
            if (_resizePending != (reason, message, Generation))
                Warning(null, "Resize" + reason, $"Pod resize {reason}: {ResizeSummary(message)}");
            _resizePending = (reason, message, Generation);
            if (IsResizeDeferred)
                WakeIn(ResizeRetryPeriod);
            return;
        }
        _resizePending = null;
        _resizeGeneration = Generation;
        Normal(null, "ResizeStarted", $"Pod resize started: {ResizeSummary(null)}");
        foreach (var container in changed)
        {
            container.Allocated = container.Spec.At("resources");
            if (container.Run is not { Exit: null })
                continue; // its next instance has them
            if (!NeedsRestart(container))
                container.Actual = container.Allocated;
            else if (!container.IsBeingKilled)
                Stop(container, $"Container {container.Name} resize requires restart", null);
        }
    }

    /// <summary>Says that all containers run with what they were given.</summary>
    private void TellResized()
    {
        if (_resizeGeneration is null || IsResizing)
            return;
        Normal(null, "ResizeCompleted", $"Pod resize completed: {ResizeSummary(null)}");
        _resizeGeneration = null;
    }

    private bool IsResizing => _containers.Exists(container => container.Run is not null && !Same(container.Actual, container.Allocated));

    private IEnumerable<JsonObject> ResizeConditions(JsonElement before, DateTimeOffset now)
    {
        if (_isTerminating)
            yield break;
        if (_resizePending is var (reason, message, generation))
            yield return PodStatus.Condition(before, "PodResizePending", holds: true, now, generation, reason, message);
        if (_resizeGeneration is { } resizing)
            yield return PodStatus.Condition(before, "PodResizeInProgress", holds: true, now, resizing);
    }

    /// <summary>Why the node cannot give the pod what it asks for; null where it can.</summary>
    private (string Reason, string Message)? Refusal()
    {
        var wished = PodResources.Requests(_pod.Spec);
        var given = PodResources.Requests(WithAllocated(_pod.Spec, name => _containers.Find(container => container.Name == name)?.Allocated.At("requests") ?? default));
        Dictionary<string, Quantity>? used = null;
        foreach (var name in Resized)
        {
            var wish = wished.GetValueOrDefault(name);
            var capacity = Quantity.Parse(name == "cpu" ? _node.Options.Cpu : _node.Options.Memory);
            if (wish > capacity)
                return ("Infeasible", $"Node didn't have enough capacity: {name}, requested: {Units(name, wish)}, capacity: {Units(name, capacity)}");
        }
        foreach (var name in Resized)
        {
            var wish = wished.GetValueOrDefault(name);
            // Who asks for no more than he has gets it, however full the node is.
            if (wish <= given.GetValueOrDefault(name))
                continue;
            var capacity = Quantity.Parse(name == "cpu" ? _node.Options.Cpu : _node.Options.Memory);
            var taken = (used ??= UsedByOthers()).GetValueOrDefault(name);
            if (wish + taken > capacity)
                return ("Deferred", $"Node didn't have enough resource: {name}, requested: {Units(name, wish)}, used: {Units(name, taken)}, capacity: {Units(name, capacity)}");
        }
        return null;
    }

    private Dictionary<string, Quantity> UsedByOthers()
    {
        var used = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var pod in _node.Client.Snapshot(_node.Pods).OnNode(_node.Name))
            if (pod.Uid != _uid && !IsEnded(pod))
                foreach (var (name, amount) in PodResources.Requests(WithAllocated(pod.Spec, container => AllocatedOf(pod, container))))
                    used[name] = used.TryGetValue(name, out var sum) ? sum + amount : amount;
        return used;
    }

    private static JsonElement AllocatedOf(Document pod, string container) => pod.Status.At("containerStatuses").Items().Concat(pod.Status.At("initContainerStatuses").Items())
        .FirstOrDefault(status => status.At("name").Text() == container).At("allocatedResources");

    /// <summary>The spec with the requests that containers were given in the place of those they wish for.</summary>
    private static JsonElement WithAllocated(JsonElement spec, Func<string, JsonElement> allocated)
    {
        var given = spec.ToObject();
        foreach (var list in (ReadOnlySpan<string>)["containers", "initContainers"])
            foreach (var container in (given[list] as JsonArray ?? []).OfType<JsonObject>())
                if (allocated(container.Text("name") ?? "").ToNode() is { } requests)
                    container.Ensure("resources")["requests"] = requests;
        return given.ToElement();
    }

    private static bool NeedsRestart(PodContainer container)
    {
        foreach (var policy in container.Spec.At("resizePolicy").Items())
            if (policy.At("restartPolicy").Text() == "RestartContainer" && policy.At("resourceName").Text() is { } name
                && (!Same(container.Actual.At("requests", name), container.Allocated.At("requests", name)) || !Same(container.Actual.At("limits", name), container.Allocated.At("limits", name))))
                return true;
        return false;
    }

    private string ResizeSummary(string? error)
    {
        var containers = (string list) => _pod.Spec.At(list).Items()
            .Select(container => (JsonNode)Object(("name", container.At("name").Text()), ("resources", container.At("resources").ToNode() ?? new JsonObject()))).ToArray();
        JsonNode[] inits = containers("initContainers");
        return Object(
            ("initContainers", inits.Length == 0 ? null : new JsonArray(inits)),
            ("containers", new JsonArray(containers("containers"))),
            ("generation", Generation),
            ("error", error)).ToJsonString();
    }

    private static long Units(string name, Quantity amount) => name == "cpu" ? amount.MilliValue : amount.Value;
}
