using System.Net;
using System.Threading.Channels;
using ClusterSim.Network.Streams;
using Microsoft.AspNetCore.Connections;

namespace ClusterSim.Network;

/// <summary>A port that a process listens on.</summary>
internal sealed class WireListener(WireProcess process, IPEndPoint endPoint) : IConnectionListener
{
    // Linux's net.core.somaxconn: what is more waits for nobody and is refused.
    private const int Backlog = 4096;

    private readonly Channel<WireConnectionContext> _accepted = Channel.CreateBounded<WireConnectionContext>(
        new BoundedChannelOptions(Backlog) { FullMode = BoundedChannelFullMode.Wait });

    /// <summary>Whose it is.</summary>
    public WireProcess Process => process;

    /// <summary>Where it listens.</summary>
    public IPEndPoint Local => endPoint;

    /// <inheritdoc/>
    public EndPoint EndPoint => endPoint;

    /// <summary>Whether it listens on all of the pod's addresses.</summary>
    public bool IsAny => endPoint.Address.Equals(IPAddress.Any) || endPoint.Address.Equals(IPAddress.IPv6Any);

    /// <summary>Hands over a connection; false where nobody accepts any more.</summary>
    public bool TryEnqueue(WireConnectionContext connection) => _accepted.Writer.TryWrite(connection);

    /// <inheritdoc/>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken))
            if (_accepted.Reader.TryRead(out var connection))
                return connection;
        return null;
    }

    /// <inheritdoc/>
    public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        Close();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Close();
        while (_accepted.Reader.TryRead(out var waiting))
            waiting.Abort();
        return ValueTask.CompletedTask;
    }

    /// <summary>Accepts nothing more.</summary>
    public void Close()
    {
        process.Host.Unbind(this);
        _accepted.Writer.TryComplete();
    }
}
