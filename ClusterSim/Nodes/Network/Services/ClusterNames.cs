using System.Net;
using System.Net.Sockets;

namespace ClusterSim.Network.Services;

/// <summary>What a name means.</summary>
/// <param name="Addresses">Its addresses; empty where the name exists but has none (a headless Service without ready pods).</param>
/// <param name="Exists">Whether the name exists.</param>
/// <param name="External">Where the name leads out of the cluster's domain: the name to ask the world for.</param>
internal readonly record struct NameAnswer(IReadOnlyList<IPAddress> Addresses, bool Exists, string? External)
{
    /// <summary>No such name.</summary>
    public static NameAnswer None { get; } = new([], false, null);
}

/// <summary>
/// The names of a cluster (the DNS-based service discovery specification), looked up in what is stored at this moment: no name is cached.
/// </summary>
internal sealed class ClusterNames(ServiceTable table, string domain)
{
    private const int AliasesMax = 8;

    /// <summary>
    /// The full names to try for a name as a pod's <c>resolv.conf</c> has it: search <c>ns.svc.domain svc.domain domain</c>, ndots 5.
    /// </summary>
    public IEnumerable<string> Candidates(string name, string @namespace)
    {
        if (name.EndsWith('.'))
            return [name[..^1]];
        var searched = (string[])[$"{name}.{@namespace}.svc.{domain}", $"{name}.svc.{domain}", $"{name}.{domain}"];
        return name.Count(letter => letter == '.') < 5 ? searched.Append(name) : searched.Prepend(name);
    }

    /// <summary>What a full name means.</summary>
    /// <exception cref="SocketException"><c>HostNotFound</c> where ExternalNames lead in a circle.</exception>
    public NameAnswer Resolve(string name)
    {
        for (var aliases = 0; aliases < AliasesMax; aliases++)
        {
            if (!name.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase))
                return new NameAnswer([], false, name);
            var labels = name[..^(domain.Length + 1)].ToLowerInvariant().Split('.');
            if (labels is [var dashed, _, "pod"])
                return IPAddress.TryParse(dashed.Replace('-', '.'), out var address) ? new NameAnswer([address], true, null) : NameAnswer.None;
            if (labels is not ([_, _, "svc"] or [_, _, _, "svc"]))
                return NameAnswer.None;
            if (table.Find(new ObjectKey(labels[^2], labels[^3])) is not { } service)
                return NameAnswer.None;
            if (service.ExternalName is { } alias)
            {
                if (labels.Length == 4)
                    return NameAnswer.None;
                name = alias.TrimEnd('.');
                continue;
            }
            return new NameAnswer(labels.Length == 4 ? EndpointsNamed(service, labels[0]) : AddressesOf(service), true, null);
        }
        throw new SocketException((int)SocketError.HostNotFound);
    }

    private IReadOnlyList<IPAddress> AddressesOf(ServiceRecord service)
    {
        if (service.ClusterAddress is { } cluster)
            return [cluster];
        return [.. table.SlicesOf(service.Key).SelectMany(slice => slice.Endpoints).Where(endpoint => endpoint.Ready).Select(endpoint => endpoint.Address).Distinct()];
    }

    private IReadOnlyList<IPAddress> EndpointsNamed(ServiceRecord service, string label) => [.. table.SlicesOf(service.Key)
        .SelectMany(slice => slice.Endpoints)
        .Where(endpoint => endpoint.Ready && SliceRecord.NameOf(endpoint) == label)
        .Select(endpoint => endpoint.Address).Distinct()];
}
