using System.Text.Json;
using ClusterSim.Network;
using ClusterSim.Nodes.Containers;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Nodes.Pods;

/// <summary>A pod that is assigned to a node: its newest version and its containers. Only its <see cref="PodWorker"/> updates it.</summary>
internal sealed class AssignedPod
{
    private volatile Document _document;
    private volatile PodContainer[] _containers;

    /// <summary>A pod as the API has it. Containers that ran under an earlier kubelet of this node are restarted, not started.</summary>
    /// <param name="document">The pod.</param>
    /// <param name="now">The start time of a pod whose status has none.</param>
    public AssignedPod(Document document, DateTimeOffset now)
    {
        _document = document;
        Key = document.Key;
        Uid = document.Uid;
        StartTime = document.Status.At("startTime").Time() ?? now;
        _containers =
        [
            .. document.Spec.VisitContainers(ContainerType.InitContainers).Select(spec =>
                new PodContainer(spec.IsRestartableInitContainer() ? ContainerKind.Sidecar : ContainerKind.Init, spec)),
            .. document.Spec.VisitContainers(ContainerType.Containers).Select(spec => new PodContainer(ContainerKind.Regular, spec)),
        ];
        foreach (var status in document.Status.At("containerStatuses").Items().Concat(document.Status.At("initContainerStatuses").Items()))
            if (status.At("containerID").Exists())
                Find(status.At("name").Text(""))?.Restore(status, StartTime, now);
    }

    /// <summary>The pod's key.</summary>
    public ObjectKey Key { get; }

    /// <summary>The pod's uid.</summary>
    public string Uid { get; }

    /// <summary>When a kubelet first saw the pod (<c>status.startTime</c>).</summary>
    public DateTimeOffset StartTime { get; }

    /// <summary>The newest version of the pod.</summary>
    public Document Document => _document;

    /// <summary>The containers: init containers, containers, then ephemeral containers in the order in which they were added.</summary>
    public IReadOnlyList<PodContainer> Containers => _containers;

    /// <summary>The pod's spec.</summary>
    public JsonElement Spec => Document.Spec;

    /// <summary>The pod as the kubelet's <c>format.Pod</c> prints it.</summary>
    public string FullName => $"{Document.Name}_{Document.Namespace}({Uid})";

    /// <summary><c>metadata.generation</c>.</summary>
    public long Generation => Document.Metadata.At("generation").Integer() ?? 1;

    /// <summary><c>spec.terminationGracePeriodSeconds</c>.</summary>
    public long TerminationGracePeriodSeconds => Spec.At("terminationGracePeriodSeconds").Integer() ?? 30;

    /// <summary><c>spec.restartPolicy</c>.</summary>
    public string RestartPolicy => Spec.At("restartPolicy").Text("Always");

    /// <summary>Returns a container by name; null where the pod has none of that name.</summary>
    public PodContainer? Find(string name) => Array.Find(_containers, container => container.Name == name);

    /// <summary>Takes over a newer version of the pod.</summary>
    /// <returns>Whether labels or annotations differ from the version before.</returns>
    public bool Update(Document live)
    {
        var before = _document;
        _document = live;
        foreach (var spec in live.Spec.VisitContainers(ContainerType.WorkloadContainers))
            Find(spec.At("name").Text(""))?.UpdateSpec(spec);
        foreach (var spec in live.Spec.VisitContainers(ContainerType.EphemeralContainers))
            if (Find(spec.At("name").Text("")) is null)
                _containers = [.. _containers, new PodContainer(ContainerKind.Ephemeral, spec)];
        return !before.Metadata.At("labels").IsSameAs(live.Metadata.At("labels")) || !before.Metadata.At("annotations").IsSameAs(live.Metadata.At("annotations"));
    }

    /// <summary>Returns whether a container that has ended is started again (<c>ShouldContainerBeRestarted</c>).</summary>
    public bool ShouldRestart(PodContainer container, ContainerExit exit) => container.Kind switch
    {
        ContainerKind.Sidecar => true,
        ContainerKind.Ephemeral => false,
        ContainerKind.Init => exit.ExitCode != 0 && RestartPolicy != "Never",
        _ => RestartPolicy == "Always" || (RestartPolicy == "OnFailure" && exit.ExitCode != 0),
    };

    /// <summary>Returns whether no container will run again: all have ended for good, or an init container has failed for good.</summary>
    public bool IsComplete()
    {
        var containers = _containers;
        if (Array.Exists(containers, one => one is { Kind: ContainerKind.Init, Run.Exit: { ExitCode: not 0 } exit } && !ShouldRestart(one, exit)))
            return true;
        return Array.TrueForAll(containers, one => one.Kind != ContainerKind.Regular || (one.Run?.Exit is { } exit && !ShouldRestart(one, exit)));
    }

    /// <summary>Returns the context that a process of a container runs in.</summary>
    public PodContext ContextOf(PodContainer container, string node) => new(Document.Namespace ?? "", Document.Name, Uid, container.Name, node);

    /// <summary>Drops the logs of all instances: the pod is gone.</summary>
    public void RemoveLogs()
    {
        foreach (var container in _containers)
        {
            container.Previous?.Log.Remove();
            container.Run?.Log.Remove();
        }
    }

    /// <summary>Returns whether a pod's phase is final.</summary>
    public static bool HasEnded(Document pod) => pod.Status.At("phase").Text() is "Succeeded" or "Failed";
}
