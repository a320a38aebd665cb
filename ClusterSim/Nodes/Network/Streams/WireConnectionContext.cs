using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace ClusterSim.Network.Streams;

/// <summary>
/// The end of a connection that accepted, as Kestrel and other servers take it. <see cref="ConnectionClosed"/> fires when the other end is
/// gone altogether or the connection was cut, not when it merely ended its own direction: half-closed connections go on.
/// </summary>
internal sealed class WireConnectionContext : ConnectionContext,
    IConnectionIdFeature, IConnectionTransportFeature, IConnectionItemsFeature, IConnectionLifetimeFeature, IConnectionEndPointFeature, IMemoryPoolFeature
{
    private readonly WireConnection _connection;
    private readonly Action? _enter;
    private readonly CancellationTokenSource _closed = new();
    private readonly Ends _ends;
    private IDuplexPipe _transport;
    private int _disposed;
    private int _peerGone;

    internal WireConnectionContext(WireConnection connection, Action? enter)
    {
        _connection = connection;
        _enter = enter;
        _transport = _ends = new Ends(new WirePipeReader(connection), new WirePipeWriter(connection));
        ConnectionId = $"wire-{connection.Id.ToString(CultureInfo.InvariantCulture)}";
        ConnectionClosed = _closed.Token;
        LocalEndPoint = connection.Hop.Destination;
        RemoteEndPoint = connection.Hop.Source;
        var features = new FeatureCollection(8);
        features.Set<IConnectionIdFeature>(this);
        features.Set<IConnectionTransportFeature>(this);
        features.Set<IConnectionItemsFeature>(this);
        features.Set<IConnectionLifetimeFeature>(this);
        features.Set<IConnectionEndPointFeature>(this);
        features.Set<IMemoryPoolFeature>(this);
        Features = features;
    }

    /// <inheritdoc/>
    public override string ConnectionId { get; set; }

    /// <inheritdoc/>
    public override IFeatureCollection Features { get; }

    /// <inheritdoc/>
    public override IDictionary<object, object?> Items { get => field ??= new ConnectionItems(); set; }

    /// <summary>
    /// The bytes. Whoever asks for them starts to serve the connection, and Kestrel does so in a flow of its own that knows nothing of the
    /// pod it serves: from here on it does.
    /// </summary>
    public override IDuplexPipe Transport
    {
        get
        {
            _enter?.Invoke();
            return _transport;
        }
        set => _transport = value;
    }

    /// <inheritdoc/>
    public override CancellationToken ConnectionClosed { get; set; }

    /// <inheritdoc/>
    public override EndPoint? LocalEndPoint { get; set; }

    /// <inheritdoc/>
    public override EndPoint? RemoteEndPoint { get; set; }

    /// <inheritdoc/>
    public MemoryPool<byte> MemoryPool => MemoryPool<byte>.Shared;

    /// <inheritdoc/>
    public override void Abort() => _connection.Abort();

    /// <inheritdoc/>
    public override void Abort(ConnectionAbortedException abortReason) => _connection.Abort();

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _ends.Input.Complete();
            _ends.Output.Complete();
            OnPeerGone();
            _connection.EndClosed();
        }
        return base.DisposeAsync();
    }

    internal void OnPeerGone()
    {
        // On a thread of its own: what is registered there belongs to the server, and must not run in the caller's flow.
        if (Interlocked.Exchange(ref _peerGone, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(static closed => closed.Cancel(), _closed, preferLocal: false);
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
