using System.IO.Pipelines;
using ClusterSim.Nodes.Containers;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>The reader of a pipe has ended (EPIPE, and SIGPIPE's end of the writer).</summary>
internal sealed class BrokenPipeException() : IOException("Broken pipe")
{
    /// <summary>The exit code of a program that SIGPIPE ended.</summary>
    public const int ExitCode = 141;
}

/// <summary>The writing end of a shell's pipe: waits while the reader is behind, and breaks when it is gone.</summary>
internal sealed class PipeOutput(PipeWriter writer) : WriteOnlyStream
{
    /// <summary>What a pipe holds (16 pages, as on Linux).</summary>
    public const int Capacity = 64 * 1024;

    private const int WriteMax = 32 * 1024;

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer) => throw new NotSupportedException("simulated programs write asynchronously");

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        // Piece by piece: the pipe takes any write whole, however large, before it makes the writer wait.
        do
        {
            var part = buffer[..Math.Min(buffer.Length, WriteMax)];
            if (await IsBrokenAsync(part, cancellationToken))
                throw new BrokenPipeException();
            buffer = buffer[part.Length..];
        }
        while (!buffer.IsEmpty);
    }

    private async ValueTask<bool> IsBrokenAsync(ReadOnlyMemory<byte> part, CancellationToken cancellationToken)
    {
        try
        {
            return (await writer.WriteAsync(part, cancellationToken)).IsCompleted;
        }
        catch (InvalidOperationException)
        {
            return true; // a job in the background still writes after its part of the pipe has ended
        }
    }

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
}

/// <summary>The reading end. (The framework's adapter would hop over the thread pool, where nobody counts what is under way.)</summary>
internal sealed class PipeInput(PipeReader reader) : ReadOnlyStream
{
    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ReadResult read;
        try
        {
            read = await reader.ReadAsync(cancellationToken);
        }
        catch (InvalidOperationException)
        {
            return 0; // likewise of one that still reads
        }
        var taken = read.Buffer.Slice(0, Math.Min(buffer.Length, read.Buffer.Length));
        foreach (var segment in taken)
        {
            segment.CopyTo(buffer);
            buffer = buffer[segment.Length..];
        }
        var count = (int)taken.Length; // before what it counts is given back
        reader.AdvanceTo(taken.End);
        return count;
    }
}
