using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Simulated.Shell;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary><c>tail [-n N|-n +N|-c N|-c +N] [-f] [file…]</c>.</summary>
internal static class TailCommand
{
    private const int ChunksPerTurn = 64;
    private const long ChunkBytes = 32;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(Command command)
    {
        var options = Options.Read(TextCommands.Numbered(command.Arguments), "ncs", []);
        var follows = options.Has("f") || options.Has("F");
        if (follows && options.Rest is ["/dev/null"])
        {
            // A container kept alive: nothing wakes it up but its end.
            await command.Process.KilledAsync();
            return ContainerExit.Killed;
        }
        var countsBytes = options.Value("c") is not null;
        var amount = options.Value("c") ?? options.Value("n") ?? "10";
        var code = 0;
        foreach (var file in options.Rest.DefaultIfEmpty("-"))
            try
            {
                if (options.Rest.Count > 1)
                    await command.SayAsync($"{(file == options.Rest[0] ? "" : "\n")}==> {file} <==\n");
                foreach (var (_, stream) in command.Inputs([file]))
                    await using (stream)
                    {
                        if (amount.StartsWith('+'))
                            await FromAsync(command, stream, TextCommands.Amount(amount[1..]), countsBytes);
                        else
                            await LastAsync(command, stream, Math.Abs(TextCommands.Amount(amount)), countsBytes);
                        while (follows && file != "-" && file == options.Rest[^1])
                        {
                            await Task.Delay(Poll, command.Process.Clock, command.Process.Killed);
                            if (stream is FileStream { Length: var length } own && length < own.Position)
                                own.Position = 0; // cut short: from its beginning
                            await stream.PassOnAsync(command.Output, command.Process.Killed);
                        }
                    }
            }
            catch (IOException absent) when (absent is not BrokenPipeException)
            {
                code = await command.FailAsync(absent.Message);
            }
        return code;
    }

    /// <summary>From the Nth line or byte on, as it comes: <c>kubectl cp</c> goes on with a broken download this way.</summary>
    private static async Task FromAsync(Command command, Stream stream, long first, bool countsBytes)
    {
        var left = Math.Max(0, first - 1);
        var buffer = new byte[32 * 1024];
        while ((stream is FileStream ? stream.Read(buffer) : await stream.ReadAsync(buffer, command.Process.Killed)) is var count and > 0)
        {
            var at = 0;
            if (countsBytes)
            {
                at = (int)Math.Min(left, count);
                left -= at;
            }
            for (; !countsBytes && left > 0 && at < count; at++)
                left -= buffer[at] == '\n' ? 1 : 0;
            await command.Output.WriteAsync(buffer.AsMemory(at, count - at), CancellationToken.None);
        }
    }

    private static Task LastAsync(Command command, Stream stream, long amount, bool countsBytes) =>
        countsBytes ? LastBytesAsync(command, stream, amount) : LastLinesAsync(command, stream, amount);

    /// <summary>Holds so many bytes and no more.</summary>
    private static async Task LastBytesAsync(Command command, Stream stream, long amount)
    {
        using var charge = new MemoryCharge(command.Memory);
        var held = new Queue<byte[]>();
        var bytes = 0L;
        var buffer = new byte[32 * 1024];
        for (var chunk = 1; (stream is FileStream ? stream.Read(buffer) : await stream.ReadAsync(buffer, command.Process.Killed)) is var count and > 0; chunk++)
        {
            command.Process.Killed.ThrowIfCancellationRequested();
            held.Enqueue(buffer[..count]);
            bytes += count;
            while (held.TryPeek(out var first) && bytes - first.Length >= amount)
                bytes -= held.Dequeue().Length;
            if (bytes + (ChunkBytes * held.Count) is var needed && needed > charge.Bytes)
                charge.Add(needed - charge.Bytes);
            if (chunk % ChunksPerTurn == 0)
                await Task.Yield();
        }
        var skipped = (int)Math.Max(0, bytes - amount);
        foreach (var part in held)
        {
            await command.Output.WriteAsync(part.AsMemory(Math.Min(skipped, part.Length)), CancellationToken.None);
            skipped = 0;
        }
    }

    /// <summary>Holds so many lines and no more.</summary>
    private static async Task LastLinesAsync(Command command, Stream stream, long amount)
    {
        var reader = new LineReader(stream, command);
        var held = new Queue<byte[]>();
        while (await reader.ReadBytesAsync() is { } line)
        {
            byte[] whole = reader.HadEnd ? [.. line, (byte)'\n'] : line;
            command.Memory.Charge(ChunkBytes + whole.Length);
            held.Enqueue(whole);
            if (held.Count > amount)
                command.Memory.Uncharge(ChunkBytes + held.Dequeue().Length);
        }
        foreach (var line in held)
            await command.Output.WriteAsync(line, CancellationToken.None);
    }
}
