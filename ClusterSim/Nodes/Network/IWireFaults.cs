using ClusterSim.Network.Streams;

namespace ClusterSim.Network;

/// <summary>What goes wrong on the wire on purpose, after policy has let a connection pass.</summary>
internal interface IWireFaults
{
    /// <summary>
    /// Called before a connection is made. Waits to delay it, throws a <see cref="System.Net.Sockets.SocketException"/> to refuse it,
    /// waits until <paramref name="cancellation"/> to drop it.
    /// </summary>
    ValueTask ConnectingAsync(WireHop hop, CancellationToken cancellation);

    /// <summary>The dialling end's stream, or one around it that delays, limits or loses. Everything both ends say passes through it.</summary>
    Stream Shape(WireHop hop, Stream stream) => stream;
}
