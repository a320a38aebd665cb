using System.IO.Pipelines;

namespace ClusterSim.Streaming;

/// <summary>What holds the bytes of one of several streams that share a connection.</summary>
internal static class StreamPipes
{
    // A stream whose reader is slow holds up the others of its connection only when so much is waiting.
    private const int WaitingBytesMax = 4 * 1024 * 1024;

    /// <summary>Writes what came for a stream; thrown away where its end has come or nobody reads any more.</summary>
    public static async ValueTask WriteAsync(this Pipe pipe, ReadOnlyMemory<byte> data, CancellationToken cancellation)
    {
        try
        {
            await pipe.Writer.WriteAsync(data, cancellation);
        }
        catch (InvalidOperationException)
        {
            // The client writes to a stream after it said that it would not: that is no reason to end the others.
        }
    }

    /// <summary>A pipe.</summary>
    public static Pipe New() => new(new PipeOptions(pauseWriterThreshold: WaitingBytesMax, resumeWriterThreshold: WaitingBytesMax / 2, useSynchronizationContext: false));
}
