using System.Text;

namespace ClusterSim.Nodes.Containers;

/// <summary>What a command wrote, standard output and error as they came; of endless output the beginning.</summary>
internal sealed class CollectedOutput : WriteOnlyStream
{
    private const int BytesMax = 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly MemoryStream _bytes = new();

    /// <summary>The text so far.</summary>
    public string Text
    {
        get
        {
            lock (_lock)
                return Encoding.UTF8.GetString(_bytes.GetBuffer(), 0, (int)_bytes.Length);
        }
    }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        lock (_lock)
            _bytes.Write(buffer[..(int)Math.Min(buffer.Length, BytesMax - _bytes.Length)]);
    }
}
