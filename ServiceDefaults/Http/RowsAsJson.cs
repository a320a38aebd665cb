using System.Buffers;
using System.IO.Pipelines;
using ServiceDefaults.Data;

namespace ServiceDefaults.Http;

/// <summary>Writes one row as JSON.</summary>
/// <returns>How many bytes that took.</returns>
public delegate int RowFormat(CopiedRows rows, Span<byte> to);

/// <summary>Rows as a JSON array, written as fast as the caller takes them and in constant memory.</summary>
public static class RowsAsJson
{
    private const int BlockBytes = 64 * 1024;

    /// <summary>Writes them.</summary>
    /// <param name="rows">The rows; <see cref="CopiedRows.NextAsync"/> was asked once, so that a fault that shows at once is still an answer of its own.</param>
    /// <param name="any">What it said.</param>
    /// <param name="format">Writes a row.</param>
    /// <param name="output">Where to.</param>
    /// <param name="cancellation">Ends the writing.</param>
    public static async Task WriteAsync(CopiedRows rows, bool any, RowFormat format, PipeWriter output, CancellationToken cancellation)
    {
        var block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            var filled = 0;
            block[filled++] = (byte)'[';
            for (var first = true; any; any = await rows.NextAsync(cancellation), first = false)
            {
                var needed = RowText.BytesMax(rows) + 2;
                if (block.Length - filled < needed)
                {
                    if ((await output.WriteAsync(block.AsMemory(0, filled), cancellation)).IsCompleted)
                        return;
                    filled = 0;
                    if (block.Length < needed)
                    {
                        ArrayPool<byte>.Shared.Return(block);
                        block = ArrayPool<byte>.Shared.Rent(needed);
                    }
                }
                if (!first)
                    block[filled++] = (byte)',';
                filled += format(rows, block.AsSpan(filled));
            }
            block[filled++] = (byte)']';
            await output.WriteAsync(block.AsMemory(0, filled), cancellation);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
    }
}
