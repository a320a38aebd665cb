using System.Collections.Concurrent;
using System.Net;

namespace ClusterSim.Network.Services;

/// <summary>Where a Service's connection may go.</summary>
/// <param name="Endpoint">The chosen endpoint; null where there is none.</param>
/// <param name="IsDropped">
/// Whether, without an endpoint, packets are dropped: so does kube-proxy where a traffic policy leaves only endpoints elsewhere; a Service
/// without any endpoint refuses.
/// </param>
internal readonly record struct ServiceRoute(IPEndPoint? Endpoint, bool IsDropped);

/// <summary>
/// Chooses endpoints as kube-proxy does: ready ones at random; where none is ready, those that end but still serve; a client with session
/// affinity stays with its endpoint while that is one of them.
/// </summary>
internal sealed class ServiceProxy(ServiceTable table, Randomness random, TimeProvider clock)
{
    private readonly ConcurrentDictionary<(string Service, int Port, IPAddress Client), (IPEndPoint Endpoint, DateTimeOffset Until)> _sessions = new();

    /// <summary>Chooses for one connection.</summary>
    /// <param name="service">The Service.</param>
    /// <param name="port">Its port.</param>
    /// <param name="client">The client's address.</param>
    /// <param name="node">The node where the connection enters; null where any endpoint will do: load balancers find a node that serves.</param>
    /// <param name="isFromOutside">Whether the client is outside the cluster.</param>
    public ServiceRoute Choose(ServiceRecord service, ServicePort port, IPAddress client, string? node, bool isFromOutside)
    {
        var all = Candidates(service, port, null);
        var isLocal = node is not null && (isFromOutside ? service.IsExternalLocal : service.IsInternalLocal);
        var usable = isLocal ? Candidates(service, port, node) : all;
        if (usable.Count == 0)
            return new ServiceRoute(null, IsDropped: isLocal && all.Count > 0);
        if (service.Affinity is not { } affinity)
            return new ServiceRoute(usable[usable.Count == 1 ? 0 : random.Next(usable.Count)], false);

        var now = clock.GetUtcNow();
        var key = (service.Uid, port.Port, client);
        var chosen = _sessions.TryGetValue(key, out var session) && session.Until > now && usable.Contains(session.Endpoint)
            ? session.Endpoint
            : usable[random.Next(usable.Count)];
        _sessions[key] = (chosen, now + affinity);
        return new ServiceRoute(chosen, false);
    }

    /// <summary>All endpoints a connection to this port may be given, in the slices' order.</summary>
    public IReadOnlyList<IPEndPoint> Endpoints(ServiceRecord service, ServicePort port) => Candidates(service, port, null);

    /// <summary>Those of one node, or of all: where none of these is ready, those of them that end.</summary>
    private List<IPEndPoint> Candidates(ServiceRecord service, ServicePort port, string? node)
    {
        var ready = new List<IPEndPoint>();
        var ending = new List<IPEndPoint>();
        foreach (var slice in table.SlicesOf(service.Key))
        {
            var target = slice.Ports.FirstOrDefault(candidate => candidate.Name == port.Name && candidate.Protocol == port.Protocol).Port;
            if (target is not { } number)
                continue;
            foreach (var endpoint in slice.Endpoints.Where(endpoint => node is null || endpoint.Node == node))
                if (endpoint.Ready)
                    ready.Add(new IPEndPoint(endpoint.Address, number));
                else if (endpoint is { Serving: true, Terminating: true })
                    ending.Add(new IPEndPoint(endpoint.Address, number));
        }
        return ready.Count > 0 ? ready : ending;
    }
}
