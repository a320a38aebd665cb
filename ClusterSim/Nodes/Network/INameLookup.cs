using System.Net;

namespace ClusterSim.Network;

/// <summary>A network that also says what a name means, for programs that ask for that alone (nslookup).</summary>
internal interface INameLookup
{
    /// <summary>The DNS server's address.</summary>
    IPAddress DnsServer { get; }

    /// <summary>The full name that was found, and its addresses.</summary>
    /// <exception cref="System.Net.Sockets.SocketException"><c>HostNotFound</c>, <c>NoData</c>; <c>TryAgain</c> where no DNS server could be reached.</exception>
    ValueTask<(string Name, IReadOnlyList<IPAddress> Addresses)> LookupAsync(string name, CancellationToken cancellation);
}
