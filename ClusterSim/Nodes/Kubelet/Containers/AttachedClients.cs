using System.Threading.Channels;

namespace ClusterSim.Nodes.Containers;

/// <summary>
/// The clients that are attached to a container's output. What a client has not read yet is bounded: a program that writes asynchronously waits for it,
/// as for a pipe; one that writes synchronously cannot wait, and the client is detached.
/// </summary>
internal sealed class AttachedClients
{
    private const int WritesMax = 256;
    private const int WriteBytesMax = 16 * 1024;

    private readonly Lock _lock = new();
    private volatile AttachedClient[] _clients = [];

    /// <summary>Attaches a client.</summary>
    public AttachedClient Add()
    {
        var client = new AttachedClient(Channel.CreateBounded<(bool IsError, ReadOnlyMemory<byte> Bytes)>(WritesMax));
        lock (_lock)
            _clients = [.. _clients, client];
        return client;
    }

    /// <summary>Detaches a client; a program that waits for it goes on.</summary>
    public void Remove(AttachedClient client)
    {
        lock (_lock)
            _clients = [.. _clients.Where(one => one != client)];
        client.Output.Writer.TryComplete();
    }

    /// <summary>Writes without waiting.</summary>
    public void Write(bool isError, ReadOnlySpan<byte> bytes)
    {
        if (_clients is not { Length: > 0 } clients)
            return;
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(WriteBytesMax, bytes.Length)..])
        {
            var copy = bytes[..Math.Min(WriteBytesMax, bytes.Length)].ToArray();
            foreach (var client in clients)
                if (!client.Output.Writer.TryWrite((isError, copy)))
                    client.Output.Writer.TryComplete(new IOException("the client reads more slowly than the container writes"));
        }
    }

    /// <summary>Writes; waits for clients that are behind.</summary>
    public ValueTask WriteAsync(bool isError, ReadOnlyMemory<byte> bytes) => _clients is { Length: > 0 } clients ? WriteAsync(clients, isError, bytes) : default;

    private static async ValueTask WriteAsync(AttachedClient[] clients, bool isError, ReadOnlyMemory<byte> bytes)
    {
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(WriteBytesMax, bytes.Length)..])
        {
            var copy = bytes[..Math.Min(WriteBytesMax, bytes.Length)].ToArray();
            foreach (var client in clients)
                try
                {
                    await client.Output.Writer.WriteAsync((isError, copy));
                }
                catch (ChannelClosedException)
                {
                    // It has detached.
                }
        }
    }
}

/// <summary>A client that is attached to a container's output.</summary>
/// <param name="Output">What it has not read yet.</param>
internal sealed record AttachedClient(Channel<(bool IsError, ReadOnlyMemory<byte> Bytes)> Output);
