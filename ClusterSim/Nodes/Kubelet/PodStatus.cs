using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Images;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Nodes;

/// <summary>What a pod's status says, from what its containers are doing: <c>generateAPIPodStatus</c> of the kubelet.</summary>
internal static class PodStatus
{
    /// <summary>The phase, by the kubelet's <c>getPhase</c>.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="containers">Its containers.</param>
    /// <param name="haveAllEnded">Whether none of them will run again.</param>
    public static string Phase(Document pod, IReadOnlyList<PodContainer> containers, bool haveAllEnded)
    {
        var policy = pod.Spec.At("restartPolicy").Text("Always");
        int pendingInit = 0, failedInit = 0, running = 0, waiting = 0, stopped = 0, succeeded = 0;
        foreach (var container in containers)
        {
            var exit = container.Run?.Exit ?? (container.Run is null ? container.PreviousExit : null);
            switch (container.Kind)
            {
                case ContainerKind.Init when exit is null:
                    pendingInit++;
                    break;
                case ContainerKind.Init when exit.ExitCode != 0:
                    failedInit++;
                    break;
                case ContainerKind.Sidecar when container.Run is null || container.IsHookPending:
                    pendingInit++;
                    break;
                case ContainerKind.Regular when container.IsRunning:
                    running++;
                    break;
                case ContainerKind.Regular when exit is not null:
                    stopped++;
                    succeeded += exit.ExitCode == 0 ? 1 : 0;
                    break;
                case ContainerKind.Regular:
                    waiting++;
                    break;
                default:
                    break;
            }
        }
        if (failedInit > 0 && policy == "Never")
            return "Failed";
        if (haveAllEnded && stopped > 0)
            return waiting == 0 && succeeded == stopped ? "Succeeded" : "Failed";
        if (pendingInit > 0 || waiting > 0)
            return "Pending";
        if (running > 0 || policy == "Always")
            return "Running";
        if (stopped == succeeded)
            return "Succeeded";
        return policy == "Never" ? "Failed" : "Running";
    }

    /// <summary>One container's status.</summary>
    public static JsonObject Container(PodContainer container, bool isInitializing, Document pod)
    {
        var run = container.Run;
        var shown = run?.Exit is not null && container.WaitingReason is not null ? null : run;
        var last = container.WaitingReason is not null && run?.Exit is { } latest ? latest : container.PreviousExit;
        var isStarted = container.IsStarted;
        var wasMade = run is not null || container.PreviousExit is not null;
        return Object(
            ("allocatedResources", container.Allocated.At("requests").ToNode() is JsonObject { Count: > 0 } requests && wasMade ? requests : null),
            ("containerID", (run?.Id ?? container.PreviousExit?.ContainerId) is { } id ? "containerd://" + id : null),
            ("image", container.ImageName ?? container.Spec.At("image").Text("")),
            ("imageID", run is null ? "" : NameOf(container) + "@" + run.Image.Digest),
            ("lastState", last is null ? new JsonObject() : Object(("terminated", Terminated(last)))),
            ("name", container.Name),
            ("ready", container.Kind != ContainerKind.Ephemeral && container.IsReady),
            ("resources", container.Actual is { ValueKind: JsonValueKind.Object } resources && resources.Count() > 0 && wasMade ? resources.ToNode() : null),
            ("restartCount", container.Restarts),
            ("started", isStarted),
            ("state", State(container, shown, isInitializing)),
            ("user", wasMade ? User(container, pod) : null),
            ("volumeMounts", Mounts(container)));
    }

    /// <summary>A condition; one that was there with the same status keeps its transition time.</summary>
    public static JsonObject Condition(JsonElement before, string type, bool holds, DateTimeOffset now, long generation, string? reason = null, string? message = null)
    {
        var same = before.Items().FirstOrDefault(condition => condition.At("type").Text() == type);
        var status = holds ? "True" : "False";
        var changed = same.At("status").Text() == status ? same.At("lastTransitionTime").Text() : null;
        var condition = Object(
            ("lastTransitionTime", changed ?? now.Stamp()), ("message", message), ("observedGeneration", generation), ("reason", reason), ("status", status), ("type", type));
        condition["lastProbeTime"] = null;
        return condition;
    }

    private static string NameOf(PodContainer container)
    {
        var name = container.ImageName ?? "";
        var tag = name.LastIndexOf(':');
        return tag > name.LastIndexOf('/') ? name[..tag] : name;
    }

    private static JsonObject State(PodContainer container, ContainerRun? shown, bool isInitializing)
    {
        if (shown is { Exit: { } exit })
            return Object(("terminated", Terminated(exit)));
        if (shown is not null && container.IsRunning)
            return Object(("running", Object(("startedAt", shown.StartedAt.Stamp()))));
        var reason = container.WaitingReason ?? (isInitializing ? "PodInitializing" : "ContainerCreating");
        return Object(("waiting", Object(("message", container.WaitingMessage), ("reason", reason))));
    }

    private static JsonObject Terminated(ContainerExit exit) => Object(
        ("containerID", "containerd://" + exit.ContainerId),
        ("exitCode", exit.ExitCode),
        ("finishedAt", exit.FinishedAt.Stamp()),
        ("message", exit.Message.Length == 0 ? null : exit.Message),
        ("reason", exit.Reason),
        ("startedAt", exit.StartedAt.Stamp()));

    private static JsonObject User(PodContainer container, Document pod)
    {
        return Object(("linux", Object(
            ("gid", container.Identity.Gid),
            ("supplementalGroups", new JsonArray([.. Groups(pod, container.Identity.Gid).Select(group => JsonValue.Create(group))])),
            ("uid", container.Identity.Uid))));
    }

    /// <summary>The groups that a container's process is in: its own, and those that the pod's security context adds.</summary>
    public static SortedSet<long> Groups(Document pod, long own)
    {
        var groups = new SortedSet<long>(pod.Spec.At("securityContext", "supplementalGroups").Items().Select(group => group.Integer() ?? 0)) { own };
        if (pod.Spec.At("securityContext", "fsGroup").Integer() is { } fsGroup)
            groups.Add(fsGroup);
        return groups;
    }

    private static JsonArray? Mounts(PodContainer container)
    {
        var mounts = container.Spec.At("volumeMounts").Items().Select(mount =>
        {
            var isReadOnly = mount.At("readOnly").Flag(false);
            return Object(
                ("mountPath", mount.At("mountPath").Text("")), ("name", mount.At("name").Text("")),
                ("readOnly", isReadOnly ? true : null), ("recursiveReadOnly", isReadOnly ? "Disabled" : null));
        }).ToArray();
        return mounts.Length == 0 ? null : new JsonArray(mounts);
    }

    /// <summary>Names in brackets as Go prints a slice: <c>[a b]</c>.</summary>
    public static string Names(IEnumerable<string> names) => string.Create(CultureInfo.InvariantCulture, $"[{string.Join(' ', names)}]");
}
