using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Nodes.Containers;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Nodes.Status;

/// <summary>The statuses of a pod's containers (<c>convertToAPIContainerStatuses</c>).</summary>
internal static class ContainerStatuses
{
    /// <summary>Returns one container's status.</summary>
    /// <param name="container">The container.</param>
    /// <param name="isInitializing">Whether it waits for init containers.</param>
    /// <param name="pod">The pod.</param>
    public static JsonObject Of(PodContainer container, bool isInitializing, Document pod)
    {
        var run = container.Run;
        var shown = run?.Exit is not null && container.WaitingReason is not null ? null : run;
        var last = container.WaitingReason is not null && run?.Exit is { } latest ? latest : container.PreviousExit;
        var wasCreated = run is not null || container.PreviousExit is not null;
        return Object(
            ("allocatedResources", container.Allocated.At("requests").ToNode() is JsonObject { Count: > 0 } requests && wasCreated ? requests : null),
            ("containerID", (run?.Id ?? container.PreviousExit?.ContainerId) is { } id ? "containerd://" + id : null),
            ("image", run?.ImageName ?? container.Spec.At("image").Text("")),
            ("imageID", run is null ? "" : WithoutTag(run.ImageName) + "@" + run.Image.Digest),
            ("lastState", last is null ? new JsonObject() : Object(("terminated", Terminated(last)))),
            ("name", container.Name),
            ("ready", container.Kind != ContainerKind.Ephemeral && container.IsReady),
            ("resources", container.Actual is { ValueKind: JsonValueKind.Object } resources && resources.Count() > 0 && wasCreated ? resources.ToNode() : null),
            ("restartCount", container.Restarts),
            ("started", container.IsStarted),
            ("state", State(container, shown, isInitializing)),
            ("user", wasCreated ? User(run?.User ?? default, pod) : null),
            ("volumeMounts", Mounts(container)));
    }

    /// <summary>Returns the groups of a container's process: its own, and those that the pod's security context adds.</summary>
    public static SortedSet<long> GroupsOf(Document pod, long own)
    {
        var groups = new SortedSet<long>(pod.Spec.At("securityContext", "supplementalGroups").Items().Select(group => group.Integer() ?? 0)) { own };
        if (pod.Spec.At("securityContext", "fsGroup").Integer() is { } fsGroup)
            groups.Add(fsGroup);
        return groups;
    }

    private static string WithoutTag(string image)
    {
        var tag = image.LastIndexOf(':');
        return tag > image.LastIndexOf('/') ? image[..tag] : image;
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

    private static JsonObject User((long Uid, long Gid) user, Document pod) => Object(("linux", Object(
        ("gid", user.Gid),
        ("supplementalGroups", new JsonArray([.. GroupsOf(pod, user.Gid).Select(group => JsonValue.Create(group))])),
        ("uid", user.Uid))));

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
}
