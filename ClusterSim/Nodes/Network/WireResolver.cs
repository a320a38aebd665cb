using System.Net;
using System.Net.Sockets;
using ClusterSim.Network.Policies;
using ClusterSim.Network.Services;
using ClusterSim.Storage;

namespace ClusterSim.Network;

/// <summary>Resolves names for processes, as a pod's resolver does: <c>/etc/hosts</c>, the search list of <c>resolv.conf</c>, the cluster's DNS, which policies must let the pod reach.</summary>
internal sealed class WireResolver(WireContext context, WireHosts hosts, ServiceTable services, StoredPolicies policies, NetworkActivity activity)
{
    private static readonly GroupResource Pods = new("", "pods");

    // resolv.conf(5): two attempts of five seconds.
    private static readonly TimeSpan ResolveTimeout = TimeSpan.FromSeconds(10);
    private const int DnsPort = 53;

    // Answers where no pods of a DNS server are stored: the pod that every cluster has.
    private static readonly PolicyPod OwnDnsServer = new()
    {
        Namespace = "kube-system",
        Name = "coredns",
        Labels = new Dictionary<string, string>(StringComparer.Ordinal) { ["k8s-app"] = "kube-dns" },
        Ports = [new("dns", TransportProtocol.Udp, DnsPort), new("dns-tcp", TransportProtocol.Tcp, DnsPort)],
    };

    /// <summary>The names that the cluster's DNS serves.</summary>
    public ClusterNames Names { get; } = new(services, context.Options.ClusterDomain);

    /// <summary>
    /// The addresses of a name, for one process: an address as it is; <c>/etc/hosts</c>; then DNS, which policy must let the pod reach.
    /// </summary>
    /// <exception cref="SocketException"><c>HostNotFound</c>, <c>NoData</c>; <c>TryAgain</c> where no DNS server could be reached.</exception>
    public async ValueTask<IReadOnlyList<IPAddress>> ResolveAsync(WireProcess process, string name, CancellationToken cancellation) =>
        (await LookupAsync(process, name, cancellation)).Addresses;

    /// <summary>As <see cref="ResolveAsync"/>, and the full name that was found.</summary>
    public async ValueTask<(string Name, IReadOnlyList<IPAddress> Addresses)> LookupAsync(WireProcess process, string name, CancellationToken cancellation)
    {
        if (IPAddress.TryParse(name, out var literal))
            return (name, [literal]);
        if (HostsFile(process.Host, name) is { } local)
            return (name, [local]);
        if (process.Host.Pod is not null)
            await ReachDnsAsync(process.Host, cancellation);

        var exists = false;
        foreach (var candidate in Names.Candidates(name, process.Host.Pod?.Namespace ?? "default"))
        {
            var answer = Names.Resolve(candidate);
            if (answer.Addresses.Count > 0)
                return (candidate, answer.Addresses);
            exists |= answer.Exists;
            if (answer.External is not { } external)
                continue;
            if (context.Options.AllowExternal && await AskTheMachineAsync(external, cancellation) is { Count: > 0 } found)
                return (external, found);
        }
        throw new SocketException((int)(exists ? SocketError.NoData : SocketError.HostNotFound));
    }

    private static async Task<IReadOnlyList<IPAddress>> AskTheMachineAsync(string name, CancellationToken cancellation)
    {
        try
        {
            return await Dns.GetHostAddressesAsync(name, AddressFamily.InterNetwork, cancellation);
        }
        catch (SocketException)
        {
            return [];
        }
    }

    private IPAddress? HostsFile(WireHost host, string name)
    {
        if (name.Equals("localhost", StringComparison.OrdinalIgnoreCase))
            return IPAddress.Loopback;
        if (host.Pod is not { } pod)
            return null;
        if (name.Equals(pod.Hostname, StringComparison.OrdinalIgnoreCase))
            return host.Address;
        if (context.Store.Find(Pods, new ObjectKey(pod.Namespace, pod.Name)) is { } stored)
            foreach (var alias in stored.Spec.At("hostAliases").Items())
                foreach (var hostname in alias.At("hostnames").Items())
                    if (name.Equals(hostname.Text(), StringComparison.OrdinalIgnoreCase) && IPAddress.TryParse(alias.At("ip").Text(), out var address))
                        return address;
        return null;
    }

    /// <summary>A name is asked for over UDP, at one of the DNS server's endpoints: egress and ingress policy apply as to any connection.</summary>
    private async Task ReachDnsAsync(WireHost host, CancellationToken cancellation)
    {
        var servers = DnsServers();
        var from = host.Party;
        foreach (var server in servers)
            if (policies.Current.Evaluate(from, server.Party, server.Port, TransportProtocol.Udp).IsAllowed)
                return;
        if (context.Options.Denied == DeniedTraffic.Drop || servers.Count == 0)
            await activity.StallAsync(Task.Delay(ResolveTimeout, context.Clock, cancellation));
        throw new SocketException((int)SocketError.TryAgain);
    }

    private IReadOnlyList<(TrafficPeer Party, int Port)> DnsServers()
    {
        var slices = services.SlicesOf(new ObjectKey("kube-system", "kube-dns"));
        if (slices.All(slice => slice.Endpoints.Count == 0) && !context.Store.Current(Pods).All("kube-system").Any(IsDnsPod))
            return [(TrafficPeer.Of(OwnDnsServer), DnsPort)];
        return [.. slices.SelectMany(slice => slice.Endpoints
            .Where(endpoint => endpoint.Ready)
            .Select(endpoint => (
                hosts.PartyAt(endpoint.Address, hosts.Find(endpoint.Address)),
                slice.Ports.FirstOrDefault(port => port.Protocol == TransportProtocol.Udp).Port ?? DnsPort)))];
    }

    private static bool IsDnsPod(Document pod) => pod.Labels.GetValueOrDefault("k8s-app") == "kube-dns";
}
