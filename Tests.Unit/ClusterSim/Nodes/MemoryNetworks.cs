using System.Buffers;
using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using ClusterSim.Network;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace ClusterSim.Tests.Nodes;

/// <summary>A wire without names and policy: a table of listeners, and pipes between.</summary>
internal sealed class MemoryNetworks : IPodNetworks
{
    public IPAddress DnsAddress { get; } = IPAddress.Parse("10.96.0.10");

    public string Domain => "cluster.local";

    private readonly ConcurrentDictionary<(IPAddress, int), MemoryListener> _listeners = new();
    private int _addresses = 1;

    public int Attached;

    public string PodRangeOf(string node) => "10.42.0.0/24";

    public IPodNetwork Attach(PodIdentity pod)
    {
        Interlocked.Increment(ref Attached);
        var number = Interlocked.Increment(ref _addresses);
        return new PodNetwork(this, new IPAddress([10, (byte)(42 + (number >> 16)), (byte)(number >> 8), (byte)number]));
    }

    public ValueTask<Stream> DialFromNodeAsync(string node, IPAddress address, int port, CancellationToken cancellation) => Dial(address, port, null);

    private ValueTask<Stream> Dial(IPAddress address, int port, ContainerNetwork? from)
    {
        if (!_listeners.TryGetValue((address, port), out var listener))
            throw new SocketException((int)SocketError.ConnectionRefused);
        var there = new Pipe();
        var back = new Pipe();
        var connection = new MemoryConnection(new Duplex(there.Reader, back.Writer));
        var client = new DuplexStream(back.Reader, there.Writer);
        listener.Owner.Cuts.Add(connection.Abort);
        from?.Cuts.Add(connection.Abort);
        listener.Accepted.Writer.TryWrite(connection);
        return ValueTask.FromResult<Stream>(client);
    }

    private sealed class PodNetwork(MemoryNetworks networks, IPAddress address) : IPodNetwork
    {
        private readonly ConcurrentBag<ContainerNetwork> _joined = [];

        public IPAddress Address => address;

        public IContainerNetwork Join(string container)
        {
            var joined = new ContainerNetwork(networks, address);
            _joined.Add(joined);
            return joined;
        }

        public void Sever()
        {
            foreach (var joined in _joined)
                joined.Sever();
        }

        public ValueTask DisposeAsync()
        {
            Sever();
            Interlocked.Decrement(ref networks.Attached);
            return ValueTask.CompletedTask;
        }
    }

    private sealed class ContainerNetwork(MemoryNetworks networks, IPAddress address) : IContainerNetwork, IConnectionListenerFactory
    {
        public ConcurrentBag<Action> Cuts { get; } = [];

        public IConnectionListenerFactory Listener => this;

        private bool IsSevered { get; set; }

        public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
        {
            var at = (IPEndPoint)endpoint;
            var listener = new MemoryListener(this, at, closed => networks._listeners.TryRemove(new((address, at.Port), closed)));
            if (IsSevered || !networks._listeners.TryAdd((address, at.Port), listener))
                throw new AddressInUseException($"{address}:{at.Port} is in use");
            Cuts.Add(listener.Close);
            return ValueTask.FromResult<IConnectionListener>(listener);
        }

        public ValueTask<Stream> DialAsync(string host, int port, CancellationToken cancellation)
        {
            if (IsSevered)
                throw new SocketException((int)SocketError.NetworkDown);
            return IPAddress.TryParse(host, out var to) ? networks.Dial(to, port, this)
                : host == "localhost" ? networks.Dial(address, port, this) : throw new SocketException((int)SocketError.HostNotFound);
        }

        public string? SocketDirectory(string host, int port) => null;

        public void Sever()
        {
            IsSevered = true;
            foreach (var cut in Cuts)
                cut();
        }

        public ValueTask DisposeAsync()
        {
            Sever();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class MemoryListener(ContainerNetwork owner, IPEndPoint endpoint, Action<MemoryListener> closed) : IConnectionListener
    {
        public ContainerNetwork Owner => owner;

        public Channel<ConnectionContext> Accepted { get; } = Channel.CreateUnbounded<ConnectionContext>(new UnboundedChannelOptions { AllowSynchronousContinuations = true });

        public EndPoint EndPoint => endpoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (await Accepted.Reader.WaitToReadAsync(cancellationToken))
                if (Accepted.Reader.TryRead(out var connection))
                    return connection;
            return null;
        }

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => DisposeAsync();

        public ValueTask DisposeAsync()
        {
            Close();
            return ValueTask.CompletedTask;
        }

        public void Close()
        {
            closed(this);
            Accepted.Writer.TryComplete();
        }
    }

    private sealed class MemoryConnection(IDuplexPipe transport) : ConnectionContext
    {
        public override string ConnectionId { get; set; } = "memory";

        public override IFeatureCollection Features { get; } = new FeatureCollection();

        public override IDictionary<object, object?> Items { get; set; } = new Dictionary<object, object?>();

        public override IDuplexPipe Transport { get; set; } = transport;

        public override void Abort()
        {
            Transport.Input.Complete(new IOException("severed"));
            Transport.Output.Complete(new IOException("severed"));
        }

        public override ValueTask DisposeAsync()
        {
            Transport.Input.Complete();
            Transport.Output.Complete();
            return base.DisposeAsync();
        }
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class DuplexStream(PipeReader input, PipeWriter output) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        // No adapter of the framework's: it would hop over the thread pool, where nobody counts what is under way.
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await input.ReadAsync(cancellationToken);
            var count = (int)Math.Min(buffer.Length, read.Buffer.Length);
            var taken = read.Buffer.Slice(0, count);
            taken.CopyTo(buffer.Span);
            input.AdvanceTo(taken.End);
            return count;
        }

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            await output.WriteAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            input.Complete();
            output.Complete();
            base.Dispose(disposing);
        }
    }
}
