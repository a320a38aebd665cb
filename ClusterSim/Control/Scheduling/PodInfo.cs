using System.Collections.Immutable;
using System.Text.Json;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling;

/// <summary>A port of the node that a pod takes.</summary>
internal readonly record struct HostPort(string Address, string Protocol, int Port)
{
    /// <summary>Whether both cannot be on one node.</summary>
    public bool Conflicts(HostPort other) =>
        Port == other.Port && Protocol == other.Protocol && (Address == other.Address || Address == "0.0.0.0" || other.Address == "0.0.0.0");
}

/// <summary>What the scheduler needs to know of a pod, read once.</summary>
internal sealed class PodInfo
{
    // What a container that says nothing counts as when nodes are compared (not when they are filtered).
    private const long DefaultMilliCpu = 100;
    private const long DefaultMemory = 200 * 1024 * 1024;

    /// <summary>Reads a pod.</summary>
    public PodInfo(Document pod, LabelGroup group)
    {
        Pod = pod;
        Group = group;
        var spec = pod.Spec;
        Priority = spec.At("priority").Integer(0);
        (Requests, Scored) = RequestsOf(pod);
        NodeSelector = spec.At("nodeSelector").TextMap();
        var affinity = spec.At("affinity");
        RequiredNodes = NodeAffinity.Of(affinity.At("nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"));
        PreferredNodes = [.. affinity.At("nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution").Items()
            .Select(one => (one.At("weight").Integer(1), NodeAffinity.OfTerm(one.At("preference"))))];
        Tolerations = Toleration.Of(spec.At("tolerations"));
        Affinity = Terms(affinity.At("podAffinity", "requiredDuringSchedulingIgnoredDuringExecution"), pod);
        AntiAffinity = Terms(affinity.At("podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution"), pod);
        PreferredAffinity = [.. Weighted(affinity.At("podAffinity", "preferredDuringSchedulingIgnoredDuringExecution"), pod, 1),
            .. Weighted(affinity.At("podAntiAffinity", "preferredDuringSchedulingIgnoredDuringExecution"), pod, -1)];
        Spread = [.. spec.At("topologySpreadConstraints").Items().Select(one => SpreadConstraint.Of(one, pod.Labels))];
        HostPorts = [.. Ports(spec)];
        Claims = [.. PersistentVolumeClaims.NamesOf(pod)];
        Images = [.. spec.At("containers").Items().Select(container => container.At("image").Text(""))];
    }

    public Document Pod { get; }
    public LabelGroup Group { get; }
    public int Priority { get; }
    public ResourceAmounts Requests { get; }
    public (long MilliCpu, long Memory) Scored { get; }
    public IReadOnlyDictionary<string, string> NodeSelector { get; }
    public NodeAffinity? RequiredNodes { get; }
    public ImmutableArray<(int Weight, NodeAffinity Nodes)> PreferredNodes { get; }
    public ImmutableArray<Toleration> Tolerations { get; }
    public ImmutableArray<PodTerm> Affinity { get; }
    public ImmutableArray<PodTerm> AntiAffinity { get; }
    public ImmutableArray<PodTerm> PreferredAffinity { get; }
    public ImmutableArray<SpreadConstraint> Spread { get; }
    public ImmutableArray<HostPort> HostPorts { get; }
    public ImmutableArray<string> Claims { get; }
    public ImmutableArray<string> Images { get; }

    /// <summary>Whether a pod of its kind on a node changes where others may go beside the room it takes.</summary>
    public bool HasTerms => !Affinity.IsEmpty || !AntiAffinity.IsEmpty || !PreferredAffinity.IsEmpty;

    private static ImmutableArray<PodTerm> Terms(JsonElement terms, Document pod) =>
        [.. terms.Items().Select(term => PodTerm.Of(term, pod.Namespace ?? "", pod.Labels, 0))];

    private static IEnumerable<PodTerm> Weighted(JsonElement terms, Document pod, int sign)
    {
        foreach (var one in terms.Items())
            yield return PodTerm.Of(one.At("podAffinityTerm"), pod.Namespace ?? "", pod.Labels, sign * one.At("weight").Integer(1));
    }

    /// <summary>
    /// A pod's requests (<c>resourcehelper.PodRequests</c>): its containers and sidecars together, or its hungriest init container with the
    /// sidecars started before it, whichever is more; its overhead; pod-level requests win.
    /// </summary>
    private static (ResourceAmounts Requests, (long MilliCpu, long Memory) Scored) RequestsOf(Document pod)
    {
        var spec = pod.Spec;
        var sum = ResourceAmounts.Zero;
        long cpu = 0;
        long memory = 0;
        foreach (var container in spec.At("containers").Items())
        {
            var amounts = ResizedRequests.Of(pod, container);
            sum += amounts;
            cpu += amounts.MilliCpu == 0 ? DefaultMilliCpu : amounts.MilliCpu;
            memory += amounts.Memory == 0 ? DefaultMemory : amounts.Memory;
        }
        var sidecars = ResourceAmounts.Zero;
        var init = ResourceAmounts.Zero;
        foreach (var container in spec.At("initContainers").Items())
        {
            var amounts = ResizedRequests.Of(pod, container);
            if (container.IsRestartableInitContainer())
            {
                sidecars += amounts;
                init = ResourceAmounts.Max(init, sidecars);
            }
            else
            {
                init = ResourceAmounts.Max(init, sidecars + amounts);
            }
        }
        sum = ResourceAmounts.Max(sum + sidecars, init);
        var podLevel = spec.At("resources", "requests");
        if (podLevel.Exists())
        {
            var said = ResourceAmounts.Of(podLevel);
            sum = sum with { MilliCpu = said.MilliCpu > 0 ? said.MilliCpu : sum.MilliCpu, Memory = said.Memory > 0 ? said.Memory : sum.Memory };
        }
        sum += ResourceAmounts.Of(spec.At("overhead"));
        return (sum, (Math.Max(cpu, sum.MilliCpu), Math.Max(memory, sum.Memory)));
    }

    private static IEnumerable<HostPort> Ports(JsonElement spec)
    {
        foreach (var container in spec.At("containers").Items())
            foreach (var port in container.At("ports").Items())
                if (port.At("hostPort").Integer(0) is > 0 and var number)
                    yield return new HostPort(port.At("hostIP").Text() is { Length: > 0 } address ? address : "0.0.0.0", port.At("protocol").Text("TCP"), number);
    }
}

/// <summary>Pods that look the same to a selector: one namespace, one set of labels. Compared by identity: there is one object for each.</summary>
internal sealed class LabelGroup(string @namespace, IReadOnlyDictionary<string, string> labels)
{
    public string Namespace { get; } = @namespace;
    public IReadOnlyDictionary<string, string> Labels { get; } = labels;
}
