using System.Buffers.Binary;
using System.Net;
using ClusterSim.Network.Policies;

namespace ClusterSim.Network;

/// <summary>
/// Gives each node a /24 and each pod an address of its node's, going round as the host-local plugin does, so that an address that was
/// freed is not soon another pod's.
/// </summary>
internal sealed class PodAddresses
{
    // .0 is the network, .1 the node's bridge, .255 broadcast.
    private const int FirstHost = 2;
    private const int LastHost = 254;

    private readonly Lock _lock = new();
    private readonly uint _start;
    private readonly int _rangesMax;
    private readonly Dictionary<string, NodeRange> _nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, IPAddress> _byUid = new(StringComparer.Ordinal);

    /// <summary>Addresses out of <paramref name="podRange"/>, IPv4 and at most a /24.</summary>
    /// <exception cref="ArgumentException">It is not such a range.</exception>
    public PodAddresses(string podRange)
    {
        var network = IPNetwork.Parse(podRange);
        if (network.BaseAddress.AddressFamily != System.Net.Sockets.AddressFamily.InterNetwork || network.PrefixLength > 24)
            throw new ArgumentException($"the pod range '{podRange}' must be IPv4 with a prefix of at most 24 bits, such as 10.244.0.0/16");
        Range = AddressRange.Parse(podRange);
        _start = BinaryPrimitives.ReadUInt32BigEndian(network.BaseAddress.GetAddressBytes());
        _rangesMax = 1 << (24 - network.PrefixLength);
    }

    /// <summary>The whole range.</summary>
    public AddressRange Range { get; }

    /// <summary>A node's range.</summary>
    public string RangeOf(string node)
    {
        lock (_lock)
            return $"{Address(Of(node).Start)}/24";
    }

    /// <summary>The pod's address; the same until it is freed.</summary>
    /// <exception cref="InvalidOperationException">The node's range is used up.</exception>
    public IPAddress Take(string node, string uid)
    {
        lock (_lock)
        {
            if (_byUid.TryGetValue(uid, out var had))
                return had;
            var range = Of(node);
            for (var tries = FirstHost; tries <= LastHost; tries++)
            {
                var host = range.Next;
                range.Next = host == LastHost ? FirstHost : host + 1;
                if (range.Used.Add(host))
                    return _byUid[uid] = Address(range.Start + (uint)host);
            }
            throw new InvalidOperationException(
                $"node {node} has no pod address left in {Address(range.Start)}/24: {LastHost - FirstHost + 1} pods run there; add nodes");
        }
    }

    /// <summary>Frees the pod's address.</summary>
    public void Free(string node, string uid)
    {
        lock (_lock)
            if (_byUid.Remove(uid, out var address))
                Of(node).Used.Remove(address.GetAddressBytes()[3]);
    }

    private static IPAddress Address(uint number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes);
    }

    private NodeRange Of(string node)
    {
        if (_nodes.TryGetValue(node, out var range))
            return range;
        if (_nodes.Count == _rangesMax)
            throw new InvalidOperationException($"the pod range {Range.Text} has no /24 left for node {node}");
        return _nodes[node] = new NodeRange(_start + ((uint)_nodes.Count << 8));
    }

    private sealed class NodeRange(uint start)
    {
        public uint Start => start;

        public HashSet<int> Used { get; } = [];

        public int Next { get; set; } = FirstHost;
    }
}
