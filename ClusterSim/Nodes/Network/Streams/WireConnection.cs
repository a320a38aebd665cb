using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using ClusterSim.Network.Policies;
using Microsoft.AspNetCore.Connections;

namespace ClusterSim.Network.Streams;

/// <summary>
/// An open connection: two pipes with back-pressure between the end that dialled and the end that accepted. Either direction ends on its
/// own (half-close); <see cref="Abort"/> ends both at once, as a TCP reset does, and what was in flight is lost.
/// </summary>
internal sealed class WireConnection
{
    // What a direction holds before its writer waits. Programs that answer while they are still being told (HttpClient sends a whole body
    // before it reads) rely on the megabytes a real connection holds; memory is only taken while it is used. What waits in a synchronization
    // context goes on there without a hop in between: a simulated program is never out of sight of a manual clock (Nodes.TrackingSynchronizationContext).
    private static readonly PipeOptions Options = new(
        pauseWriterThreshold: 1024 * 1024, resumeWriterThreshold: 512 * 1024, minimumSegmentSize: 4096, useSynchronizationContext: true);

    private readonly Action<WireConnection> _ended;
    private int _openEnds = 2;
    private int _aborted;

    /// <summary>Opens a connection.</summary>
    /// <param name="id">Its number, for logs.</param>
    /// <param name="hop">Between whom.</param>
    /// <param name="enter">What puts the accepting end's flow into its pod's context; null where there is none.</param>
    /// <param name="ended">Called once, when both ends are done or the connection was aborted.</param>
    public WireConnection(long id, WireHop hop, Action? enter, Action<WireConnection> ended)
    {
        Id = id;
        Hop = hop;
        _ended = ended;
        ToServer = new Pipe(Options);
        ToClient = new Pipe(Options);
        Client = new WireStream(this);
        Server = new WireConnectionContext(this, enter);
    }

    /// <summary>Its number.</summary>
    public long Id { get; }

    /// <summary>Between whom.</summary>
    public WireHop Hop { get; }

    /// <summary>The end that dialled.</summary>
    public WireStream Client { get; }

    /// <summary>The end that accepted.</summary>
    public WireConnectionContext Server { get; }

    /// <summary>Whether it was cut.</summary>
    public bool IsAborted => Volatile.Read(ref _aborted) != 0;

    internal Pipe ToServer { get; }

    internal Pipe ToClient { get; }

    /// <summary>Cuts it: every read fails with a connection reset, every write too.</summary>
    public void Abort()
    {
        if (Interlocked.Exchange(ref _aborted, 1) != 0)
            return;
        // Cancelling is safe from any thread, completing is not: the ends complete themselves when their owners dispose them.
        ToServer.Reader.CancelPendingRead();
        ToClient.Reader.CancelPendingRead();
        ToServer.Writer.CancelPendingFlush();
        ToClient.Writer.CancelPendingFlush();
        Server.OnPeerGone();
        if (Interlocked.Exchange(ref _openEnds, 0) > 0)
            _ended(this);
    }

    internal static ConnectionResetException Reset() =>
        new("Connection reset by peer", new SocketException((int)SocketError.ConnectionReset));

    internal void EndClosed()
    {
        int before;
        do
        {
            before = Volatile.Read(ref _openEnds);
            if (before == 0)
                return;
        }
        while (Interlocked.CompareExchange(ref _openEnds, before - 1, before) != before);
        if (before == 1)
            _ended(this);
    }
}

/// <summary>From where to where a connection goes, once its Service has been resolved.</summary>
/// <param name="From">Who dials.</param>
/// <param name="To">Who accepts.</param>
/// <param name="Source">The dialling end's address and port.</param>
/// <param name="Destination">The accepting end's address and port.</param>
internal sealed record WireHop(TrafficPeer From, TrafficPeer To, IPEndPoint Source, IPEndPoint Destination);
