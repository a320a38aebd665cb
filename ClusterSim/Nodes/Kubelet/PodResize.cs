using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Admission;
using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Pods;
using ClusterSim.Nodes.Runtime;
using ClusterSim.Nodes.Status;
using ClusterSim.Objects;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Nodes;

/// <summary>
/// Resizes a pod in place (<c>pods/resize</c>), as the kubelet's allocation manager does. A request that the node could never grant is infeasible; one
/// for which other pods leave no room now is deferred; any other is granted at once. No cgroup is behind it: allocated is what the status says.
/// </summary>
internal sealed class PodResize(NodeContext node, AssignedPod pod, PodWorkQueue queue, PodEventRecorder events, ContainerKiller killer)
{
    private const string Deferred = "Deferred";
    private const string Infeasible = "Infeasible";
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromMinutes(3);
    private static readonly IReadOnlyList<string> Resources = ["cpu", "memory"];

    private PendingResize? _pending;
    private long? _inProgressGeneration;

    /// <summary>Whether the pod waits for room on the node.</summary>
    public bool IsDeferred => _pending is { Reason: Deferred };

    /// <summary>What the pod's status shows of the resize.</summary>
    public PodResizeStatus Status => new(_pending, _inProgressGeneration);

    /// <summary>Allocates the resources that the spec requests, if they differ and the node has them (<c>handlePodResourcesResize</c>).</summary>
    public void Allocate()
    {
        List<PodContainer> changed = [.. pod.Containers.Where(container =>
            container.Kind is ContainerKind.Regular or ContainerKind.Sidecar && !container.Spec.At("resources").IsSameAs(container.Allocated))];
        if (changed.Count == 0)
        {
            _pending = null;
            return;
        }
        if (CanResize() is var (reason, message))
        {
            var pending = new PendingResize(reason, message, pod.Generation);
            if (_pending != pending)
                events.RecordWarning(null, "Resize" + reason, $"Pod resize {reason}: {Summary(message)}");
            _pending = pending;
            if (IsDeferred)
                queue.EnqueueAfter(RetryPeriod);
            return;
        }
        _pending = null;
        _inProgressGeneration = pod.Generation;
        events.RecordNormal(null, "ResizeStarted", $"Pod resize started: {Summary(null)}");
        foreach (var container in changed)
            Actuate(container);
    }

    /// <summary>Records the end of a resize once all containers run with what was allocated to them.</summary>
    public void RecordCompletion()
    {
        if (_inProgressGeneration is null || pod.Containers.Any(container => container.Run is not null && !container.Actual.IsSameAs(container.Allocated)))
            return;
        events.RecordNormal(null, "ResizeCompleted", $"Pod resize completed: {Summary(null)}");
        _inProgressGeneration = null;
    }

    private void Actuate(PodContainer container)
    {
        container.Allocate();
        if (container.Run is not { Exit: null })
            return; // its next instance gets them
        if (!container.NeedsRestartToResize())
        {
            container.ActuateResize();
            if (container.Run?.Files is { } files)
                files.Cgroup.Memory.BytesMax = ResourceLimits.MemoryOf(container.Allocated, node.Shared.Limits);
        }
        else if (!container.IsBeingKilled)
        {
            killer.BeginKill(container, $"Container {container.Name} resize requires restart", null);
        }
    }

    /// <summary>Returns why the node cannot allocate what the pod requests (<c>canResizePod</c>); null where it can.</summary>
    private (string Reason, string Message)? CanResize()
    {
        var requested = PodResources.Requests(pod.Spec);
        foreach (var name in Resources)
        {
            var request = requested.GetValueOrDefault(name);
            if (request > CapacityOf(name))
                return (Infeasible, $"Node didn't have enough capacity: {name}, requested: {Units(name, request)}, capacity: {Units(name, CapacityOf(name))}");
        }
        var allocated = PodResources.Requests(WithAllocated(pod.Spec, name => pod.Find(name)?.Allocated.At("requests") ?? default));
        Dictionary<string, Quantity>? used = null;
        foreach (var name in Resources)
        {
            var request = requested.GetValueOrDefault(name);
            // A request within the current allocation is always granted, even where the node is full.
            if (request <= allocated.GetValueOrDefault(name))
                continue;
            var taken = (used ??= UsedByOthers()).GetValueOrDefault(name);
            if (request + taken > CapacityOf(name))
                return (Deferred, $"Node didn't have enough resource: {name}, requested: {Units(name, request)}, used: {Units(name, taken)}, capacity: {Units(name, CapacityOf(name))}");
        }
        return null;
    }

    private Quantity CapacityOf(string name) => Quantity.Parse(name == "cpu" ? node.Options.Cpu : node.Options.Memory);

    private Dictionary<string, Quantity> UsedByOthers()
    {
        var used = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var other in node.Client.Snapshot(node.Pods).OnNode(node.Name))
            if (other.Uid != pod.Uid && !AssignedPod.HasEnded(other))
                foreach (var (name, amount) in PodResources.Requests(WithAllocated(other.Spec, container => AllocatedOf(other, container))))
                    used[name] = used.TryGetValue(name, out var sum) ? sum + amount : amount;
        return used;
    }

    private static JsonElement AllocatedOf(Document pod, string container) => pod.Status.At("containerStatuses").Items().Concat(pod.Status.At("initContainerStatuses").Items())
        .FirstOrDefault(status => status.At("name").Text() == container).At("allocatedResources");

    /// <summary>Returns a spec with the requests that were allocated to its containers instead of its own.</summary>
    private static JsonElement WithAllocated(JsonElement spec, Func<string, JsonElement> allocated)
    {
        var result = spec.ToObject();
        foreach (var container in result.VisitContainers(ContainerType.WorkloadContainers))
            if (allocated(container.Text("name") ?? "").ToNode() is { } requests)
                container.Ensure("resources")["requests"] = requests;
        return result.ToElement();
    }

    private string Summary(string? error)
    {
        JsonNode[] inits = ResourcesOf(ContainerType.InitContainers);
        return Object(
            ("initContainers", inits.Length == 0 ? null : new JsonArray(inits)),
            ("containers", new JsonArray(ResourcesOf(ContainerType.Containers))),
            ("generation", pod.Generation),
            ("error", error)).ToJsonString();

        JsonNode[] ResourcesOf(ContainerType type) => [.. pod.Spec.VisitContainers(type)
            .Select(container => (JsonNode)Object(("name", container.At("name").Text()), ("resources", container.At("resources").ToNode() ?? new JsonObject())))];
    }

    private static long Units(string name, Quantity amount) => name == "cpu" ? amount.MilliValue : amount.Value;
}
