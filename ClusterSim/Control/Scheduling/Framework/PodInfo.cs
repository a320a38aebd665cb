using System.Collections.Immutable;
using System.Text.Json;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Scheduling.Framework;

/// <summary>A pod with what the plugins use of its spec, parsed once (<c>framework.PodInfo</c>).</summary>
internal sealed class PodInfo
{
    /// <summary>Parses a pod.</summary>
    public PodInfo(Document pod, LabelGroup group)
    {
        Pod = pod;
        Group = group;
        var spec = pod.Spec;
        Priority = spec.At("priority").Integer(0);
        (Requests, NonZeroRequests) = PodRequests.Of(pod);
        RequiredNodeAffinity = RequiredNodeAffinity.Of(spec);
        var affinity = spec.At("affinity");
        PreferredSchedulingTerms = [.. affinity.At("nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution").Items()
            .Select(term => (term.At("weight").Integer(1), NodeSelector.OfTerm(term.At("preference"))))];
        Tolerations = Toleration.Of(spec.At("tolerations"));
        RequiredAffinityTerms = RequiredTerms(affinity.At("podAffinity"), pod);
        RequiredAntiAffinityTerms = RequiredTerms(affinity.At("podAntiAffinity"), pod);
        PreferredAffinityTerms = [.. PreferredTerms(affinity.At("podAffinity"), pod, 1), .. PreferredTerms(affinity.At("podAntiAffinity"), pod, -1)];
        TopologySpreadConstraints = [.. spec.At("topologySpreadConstraints").Items().Select(constraint => TopologySpreadConstraint.Of(constraint, pod.Labels))];
        HostPorts = [.. HostPort.Of(spec)];
        Claims = [.. PersistentVolumeClaims.NamesOf(pod)];
        Images = [.. spec.At("containers").Items().Select(container => container.At("image").Text(""))];
    }

    /// <summary>The pod.</summary>
    public Document Pod { get; }

    /// <summary>Its namespace and labels.</summary>
    public LabelGroup Group { get; }

    /// <summary><c>spec.priority</c>.</summary>
    public int Priority { get; }

    /// <summary>The requests that filters compare.</summary>
    public Resource Requests { get; }

    /// <summary>The requests that scores compare: containers without a request count as a small one.</summary>
    public (long MilliCpu, long Memory) NonZeroRequests { get; }

    /// <summary>The node selector and the required node affinity.</summary>
    public RequiredNodeAffinity RequiredNodeAffinity { get; }

    /// <summary>The preferred node affinity.</summary>
    public ImmutableArray<(int Weight, NodeSelector Term)> PreferredSchedulingTerms { get; }

    /// <summary>The tolerations.</summary>
    public ImmutableArray<Toleration> Tolerations { get; }

    /// <summary>The required terms of the pod affinity.</summary>
    public ImmutableArray<AffinityTerm> RequiredAffinityTerms { get; }

    /// <summary>The required terms of the pod anti-affinity.</summary>
    public ImmutableArray<AffinityTerm> RequiredAntiAffinityTerms { get; }

    /// <summary>The preferred terms of the pod affinity, and with negative weights those of the anti-affinity.</summary>
    public ImmutableArray<AffinityTerm> PreferredAffinityTerms { get; }

    /// <summary>The topology spread constraints.</summary>
    public ImmutableArray<TopologySpreadConstraint> TopologySpreadConstraints { get; }

    /// <summary>The ports of the node that the pod uses.</summary>
    public ImmutableArray<HostPort> HostPorts { get; }

    /// <summary>The names of its PersistentVolumeClaims.</summary>
    public ImmutableArray<string> Claims { get; }

    /// <summary>The images of its containers.</summary>
    public ImmutableArray<string> Images { get; }

    /// <summary>Whether it has affinity or anti-affinity terms.</summary>
    public bool HasAffinity => !RequiredAffinityTerms.IsEmpty || !RequiredAntiAffinityTerms.IsEmpty || !PreferredAffinityTerms.IsEmpty;

    private static ImmutableArray<AffinityTerm> RequiredTerms(JsonElement affinity, Document pod) =>
        [.. affinity.At("requiredDuringSchedulingIgnoredDuringExecution").Items().Select(term => AffinityTerm.Of(term, pod.Namespace ?? "", pod.Labels, 0))];

    private static IEnumerable<AffinityTerm> PreferredTerms(JsonElement affinity, Document pod, int sign)
    {
        foreach (var term in affinity.At("preferredDuringSchedulingIgnoredDuringExecution").Items())
            yield return AffinityTerm.Of(term.At("podAffinityTerm"), pod.Namespace ?? "", pod.Labels, sign * term.At("weight").Integer(1));
    }
}
