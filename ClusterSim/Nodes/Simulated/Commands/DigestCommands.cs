using System.Security.Cryptography;
using System.Text;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>base64 and the check sums: they hold a piece of their input at a time.</summary>
internal static class DigestCommands
{
    private const int ChunkBytes = 3 * 16 * 1024; // whole groups of base64
    private const int WidthDefault = 76;

    /// <summary><c>base64 [-d] [-w N] [file]</c>.</summary>
    public static async Task<int> Base64Async(Command command)
    {
        var options = Options.Read(command.Arguments, "w", []);
        if (options.Has("d"))
        {
            var text = Encoding.ASCII.GetString((await command.ReadBytesAsync(options.Rest)).Span).Trim();
            await command.Output.WriteAsync(Convert.FromBase64String(text), CancellationToken.None);
            return 0;
        }
        var width = TextCommands.Amount(options.Value("w") ?? "76") is >= 0 and <= int.MaxValue and var given ? (int)given : WidthDefault;
        var column = 0;
        foreach (var (_, stream) in command.Inputs(options.Rest))
            await using (stream)
            {
                var buffer = new byte[ChunkBytes];
                while (await FillAsync(command, stream, buffer) is var count and > 0)
                    column = await PrintAsync(command, Convert.ToBase64String(buffer, 0, count), width, column);
            }
        if (width > 0 && column > 0)
            await command.SayAsync("\n");
        return 0;
    }

    /// <summary><c>md5sum</c> and the like.</summary>
    public static async Task<int> SumAsync(Command command, HashAlgorithmName algorithm)
    {
        var options = Options.Read(command.Arguments, "", []);
        foreach (var file in options.Rest.DefaultIfEmpty("-"))
        {
            using var hash = IncrementalHash.CreateHash(algorithm);
            foreach (var (_, stream) in command.Inputs([file]))
                await using (stream)
                {
                    var buffer = new byte[ChunkBytes];
                    while (await FillAsync(command, stream, buffer) is var count and > 0)
                        hash.AppendData(buffer, 0, count);
                }
            await command.SayAsync($"{Convert.ToHexStringLower(hash.GetHashAndReset())}  {file}\n");
        }
        return 0;
    }

    private static async Task<int> PrintAsync(Command command, string text, int width, int column)
    {
        if (width == 0)
        {
            await command.SayAsync(text);
            return 0;
        }
        var lines = new StringBuilder();
        foreach (var letter in text)
        {
            if (column == width)
            {
                lines.Append('\n');
                column = 0;
            }
            lines.Append(letter);
            column++;
        }
        await command.SayAsync(lines.ToString());
        return column;
    }

    /// <summary>Reads until the buffer is full or the input ends.</summary>
    private static async Task<int> FillAsync(Command command, Stream stream, byte[] buffer)
    {
        await Task.Yield(); // an endless stream must not hold its thread for ever
        var filled = 0;
        while (filled < buffer.Length)
        {
            command.Process.Killed.ThrowIfCancellationRequested();
            var rest = buffer.AsMemory(filled);
            var count = stream is FileStream ? stream.Read(rest.Span) : await stream.ReadAsync(rest, command.Process.Killed);
            if (count == 0)
                break;
            filled += count;
        }
        return filled;
    }
}
