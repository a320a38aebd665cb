using System.Net;
using System.Text.Json;
using ClusterSim.Network.Policies;
using ClusterSim.Storage;

namespace ClusterSim.Network.Services;

/// <summary>A port of a Service.</summary>
internal sealed record ServicePort(string Name, TransportProtocol Protocol, int Port, int NodePort);

/// <summary>A Service, read.</summary>
internal sealed record ServiceRecord
{
    /// <summary>Namespace and name.</summary>
    public required ObjectKey Key { get; init; }

    /// <summary>Its uid.</summary>
    public required string Uid { get; init; }

    /// <summary>ClusterIP, NodePort, LoadBalancer or ExternalName.</summary>
    public required string Type { get; init; }

    /// <summary>Its addresses: cluster, external and load balancer's. Empty for headless and external names.</summary>
    public required IReadOnlyList<IPAddress> Addresses { get; init; }

    /// <summary>The cluster address; null for headless Services and external names.</summary>
    public IPAddress? ClusterAddress { get; init; }

    /// <summary>Whether <c>clusterIP: None</c>: its name gives its pods' addresses.</summary>
    public bool IsHeadless { get; init; }

    /// <summary>What an ExternalName points to.</summary>
    public string? ExternalName { get; init; }

    /// <summary>Its ports.</summary>
    public required IReadOnlyList<ServicePort> Ports { get; init; }

    /// <summary>How long a client stays with one endpoint; null: no session affinity.</summary>
    public TimeSpan? Affinity { get; init; }

    /// <summary>Whether clients inside are only served by endpoints on their own node.</summary>
    public bool IsInternalLocal { get; init; }

    /// <summary>Whether clients outside are only served by endpoints on the node they reach.</summary>
    public bool IsExternalLocal { get; init; }

    /// <summary>Reads a stored Service.</summary>
    public static ServiceRecord Read(Document service)
    {
        var spec = service.Spec;
        var cluster = spec.At("clusterIP").Text("");
        var type = spec.At("type").Text("ClusterIP");
        var isExternalName = type == "ExternalName";
        var addresses = new List<IPAddress>();
        IPAddress? clusterAddress = null;
        if (!isExternalName)
        {
            foreach (var text in spec.At("clusterIPs").Items().Select(item => item.Text("")).Prepend(cluster).Distinct(StringComparer.Ordinal))
                Add(text);
            clusterAddress = IPAddress.TryParse(cluster, out var parsed) ? parsed : null;
            foreach (var text in spec.At("externalIPs").Items())
                Add(text.Text(""));
            foreach (var balancer in service.Status.At("loadBalancer", "ingress").Items())
                Add(balancer.At("ip").Text(""));
        }
        return new ServiceRecord
        {
            Key = service.Key,
            Uid = service.Uid,
            Type = type,
            Addresses = addresses,
            ClusterAddress = clusterAddress,
            IsHeadless = cluster == "None",
            ExternalName = isExternalName ? spec.At("externalName").Text("") : null,
            Ports = [.. spec.At("ports").Items().Select(ReadPort)],
            Affinity = spec.At("sessionAffinity").Text() == "ClientIP"
                ? TimeSpan.FromSeconds(spec.At("sessionAffinityConfig", "clientIP", "timeoutSeconds").Integer(10800)) : null,
            IsInternalLocal = spec.At("internalTrafficPolicy").Text() == "Local",
            IsExternalLocal = spec.At("externalTrafficPolicy").Text() == "Local",
        };

        void Add(string text)
        {
            // A load balancer that answers on this machine's loopback is no address inside: there, loopback is the pod itself.
            if (IPAddress.TryParse(text, out var address) && !IPAddress.IsLoopback(address))
                addresses.Add(address);
        }
    }

    /// <summary>Namespace and name.</summary>
    public override string ToString() => Key.ToString();

    private static ServicePort ReadPort(JsonElement port) => new(
        port.At("name").Text(""), PolicyPort.ReadProtocol(port.At("protocol")), port.At("port").Integer(0), port.At("nodePort").Integer(0));
}

/// <summary>One endpoint of an EndpointSlice.</summary>
internal sealed record EndpointRecord(IPAddress Address, bool Ready, bool Serving, bool Terminating, string? Hostname, string? Node);

/// <summary>An EndpointSlice, read: its endpoints have its ports.</summary>
internal sealed record SliceRecord(string Service, IReadOnlyList<EndpointRecord> Endpoints, IReadOnlyList<(string Name, TransportProtocol Protocol, int? Port)> Ports)
{
    /// <summary>The label that names a slice's Service.</summary>
    public const string ServiceLabel = "kubernetes.io/service-name";

    /// <summary>Reads a stored slice.</summary>
    public static SliceRecord Read(Document slice)
    {
        var endpoints = new List<EndpointRecord>();
        foreach (var endpoint in slice.Root.At("endpoints").Items())
        {
            var conditions = endpoint.At("conditions");
            // Absent means true for ready and serving, false for terminating (discovery/v1).
            var ready = conditions.At("ready").Flag(true);
            foreach (var address in endpoint.At("addresses").Items())
                if (IPAddress.TryParse(address.Text(), out var parsed))
                    endpoints.Add(new(
                        parsed, ready, conditions.At("serving").Flag(ready), conditions.At("terminating").Flag(false),
                        endpoint.At("hostname").Text(), endpoint.At("nodeName").Text()));
        }
        return new SliceRecord(
            slice.Labels.GetValueOrDefault(ServiceLabel, ""), endpoints,
            [.. slice.Root.At("ports").Items().Select(port => (
                port.At("name").Text(""), PolicyPort.ReadProtocol(port.At("protocol")), (int?)port.At("port").Integer()))]);
    }

    /// <summary>The endpoints' DNS label: their host name, or their address with dashes.</summary>
    public static string NameOf(EndpointRecord endpoint) =>
        endpoint.Hostname ?? endpoint.Address.ToString().Replace('.', '-').Replace(':', '-');
}
