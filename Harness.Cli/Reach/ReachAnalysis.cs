using System.Net;
using ClusterSim.Network.Policies;

namespace Harness.Reach;

/// <summary>
/// Pods that nobody deployed, but somebody might: an unlabelled one in each namespace, and, in a namespace of its own, an unlabelled one and
/// one with each workload's labels.
/// </summary>
internal enum Strangers
{
    /// <summary>Not asked for.</summary>
    None,

    /// <summary>Asked for as callers.</summary>
    AsCallers,

    /// <summary>
    /// As callers, and as called on every port that any workload has and one that none has; what is outside, and the workloads themselves, are asked
    /// about on these ports too.
    /// </summary>
    OnBothEnds,
}

/// <summary>
/// Makes the matrix. Pods of one workload are one row and one column, unless the policies tell them apart (during a rollout of new labels,
/// say): then each sort is named by its first pod.
/// </summary>
internal static class ReachAnalysis
{
    /// <summary>The namespace of pods that nobody deployed.</summary>
    public const string Elsewhere = "elsewhere";

    private const string Stranger = "stranger";
    private static readonly IReadOnlyDictionary<string, string> NoLabels = new Dictionary<string, string>(StringComparer.Ordinal);

    // Of the addresses reserved for documentation: part of nobody's network.
    private static readonly IPAddress SomewhereOutside = IPAddress.Parse("203.0.113.1");

    /// <summary>Computes it.</summary>
    /// <param name="input">What was read.</param>
    /// <param name="strangers">Whether to ask also for pods that nobody deployed.</param>
    /// <param name="outsidePorts">The TCP ports outside that are asked about.</param>
    public static ReachReport Analyse(ReachInput input, Strangers strangers, IEnumerable<int> outsidePorts)
    {
        var evaluator = new NetworkPolicyEvaluator(input.Policies, input.NamespaceLabels);
        var workloads = Group(input, evaluator).ToList();
        if (!workloads.Exists(IsDns))
            workloads.Add(Dns());
        workloads.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
        var api = input.ApiServers.Select(endpoint => ApiServer(endpoint, input.ApiServers.Count)).ToList();
        var known = workloads.Concat(api).SelectMany(workload => workload.Ports).DistinctBy(port => port.ToString()).Select(port => port with { Services = [] }).ToList();
        var asked = outsidePorts.Select(port => new ReachPort(port, TransportProtocol.Tcp, []));
        var everywhere = strangers == Strangers.OnBothEnds ? [.. known, .. Nobodys(known)] : (List<ReachPort>)[];
        var outside = new ReachParty
        {
            Name = ReachParty.OutsideName,
            Kind = "an address outside the cluster",
            Address = SomewhereOutside,
            Ports = [.. asked.Concat(everywhere).DistinctBy(port => port.ToString()).OrderBy(port => port.Number).ThenBy(port => port.Protocol)],
        };
        var made = strangers == Strangers.None ? [] : Make(workloads, everywhere).ToList();
        return new ReachReport(
            evaluator,
            [outside, .. workloads, .. made],
            [.. workloads.Concat(made).Concat(api).Append(outside).SelectMany(party => Targets(party, everywhere))]);
    }

    /// <summary>A party's own ports, and those that are not its own but asked about all the same: what a rule without ports opens is every port.</summary>
    private static IEnumerable<ReachTarget> Targets(ReachParty party, IReadOnlyList<ReachPort> everywhere)
    {
        var own = party.Ports.Select(port => port.ToString()).ToHashSet(StringComparer.Ordinal);
        return party.Ports.Select(port => new ReachTarget(party, port, IsOwn: true))
            .Concat(everywhere.Where(port => !own.Contains(port.ToString())).Select(port => new ReachTarget(party, port, IsOwn: false)));
    }

    /// <summary>A port that nobody has, of each protocol: only a rule that names no port means it, or a wide range.</summary>
    private static IEnumerable<ReachPort> Nobodys(IReadOnlyList<ReachPort> known) =>
        from protocol in (TransportProtocol[])[TransportProtocol.Tcp, TransportProtocol.Udp]
        select new ReachPort(Enumerable.Range(1, ushort.MaxValue).First(number => !known.Any(port => port.Number == number)), protocol, []);

    private static IEnumerable<ReachParty> Group(ReachInput input, NetworkPolicyEvaluator evaluator)
    {
        foreach (var workload in input.Pods.GroupBy(pod => (pod.Pod.Namespace, pod.Kind, pod.Workload)))
        {
            var sorts = workload.GroupBy(pod => (evaluator.ClassOf(TrafficPeer.Of(pod.Pod)), string.Join(',', pod.Pod.Ports.Select(port => $"{port.Protocol}{port.Port}")))).ToList();
            foreach (var sort in sorts)
            {
                var first = sort.First();
                var name = sorts.Count == 1 ? workload.Key.Workload : $"{workload.Key.Workload} ({first.Pod.Name})";
                yield return new ReachParty
                {
                    Name = $"{workload.Key.Namespace}/{name}",
                    Kind = first.Kind,
                    Pods = sort.Sum(pod => pod.Replicas),
                    Pod = ReachParty.Renamed(first.Pod, name),
                    Ports = [.. PortsOf(first.Pod, input.Services)],
                };
            }
        }
    }

    /// <summary>The ports that containers declare, and those that Services lead to.</summary>
    private static IEnumerable<ReachPort> PortsOf(PolicyPod pod, IReadOnlyList<ReachService> services)
    {
        var leading = services.Where(service => service.Selects(pod))
            .SelectMany(service => service.Ports.Select(port => (
                Name: $"{service.Name}:{port.Port}",
                port.Protocol,
                Number: port.TargetNumber ?? pod.Ports.FirstOrDefault(named => named.Name == port.TargetName && named.Protocol == port.Protocol).Port)))
            .Where(lead => lead.Number > 0).ToList();
        return pod.Ports.Select(port => (port.Port, port.Protocol))
            .Concat(leading.Select(lead => (Port: lead.Number, lead.Protocol)))
            .Distinct().OrderBy(port => port.Port).ThenBy(port => port.Protocol)
            .Select(port => new ReachPort(
                port.Port, port.Protocol, [.. leading.Where(lead => lead.Number == port.Port && lead.Protocol == port.Protocol).Select(lead => lead.Name)]));
    }

    private static bool IsDns(ReachParty party) => party.Pod is { Namespace: "kube-system" } pod && pod.Labels.GetValueOrDefault("k8s-app") == "kube-dns";

    // Every cluster has it, no manifests of an application do.
    private static ReachParty Dns() => new()
    {
        Name = "kube-system/kube-dns",
        Kind = "the cluster's DNS",
        Pod = new PolicyPod { Namespace = "kube-system", Name = "kube-dns", Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["k8s-app"] = "kube-dns" } },
        Ports = [new ReachPort(53, TransportProtocol.Tcp, ["kube-dns:53"]), new ReachPort(53, TransportProtocol.Udp, ["kube-dns:53"])],
    };

    // To policies an address like any other, wherever it runs: only an ipBlock means it.
    private static ReachParty ApiServer(IPEndPoint endpoint, int count) => new()
    {
        Name = count == 1 ? "default/kubernetes" : $"default/kubernetes ({endpoint.Address})",
        Kind = "the API server",
        Address = endpoint.Address,
        Ports = [new ReachPort(endpoint.Port, TransportProtocol.Tcp, ["kubernetes:443"])],
    };

    private static IEnumerable<ReachParty> Make(IReadOnlyList<ReachParty> workloads, IReadOnlyList<ReachPort> ports)
    {
        foreach (var @namespace in workloads.Select(workload => workload.Namespace!).Append(Elsewhere).Distinct(StringComparer.Ordinal))
            if (!workloads.Any(workload => workload.Name == $"{@namespace}/{Stranger}"))
                yield return Made(new PolicyPod { Namespace = @namespace, Name = Stranger, Labels = NoLabels }, "a pod without labels");
        foreach (var copied in workloads.Where(workload => workload.Pod!.Labels.Count > 0).DistinctBy(workload => workload.Pod!.Name))
            if (copied.Namespace != Elsewhere)
                yield return Made(ReachParty.Renamed(copied.Pod!, copied.Pod!.Name, Elsewhere), $"a pod with the labels of {copied.Name}");

        ReachParty Made(PolicyPod pod, string what) => new() { Name = pod.ToString(), Kind = what, Pod = pod, Ports = ports };
    }
}
