using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Simulated.Shell;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary><c>tail [-n N|-n +N|-c N|-c +N] [-f] [file…]</c>.</summary>
internal static class TailCommand
{
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

    private static async Task LastAsync(Command command, Stream stream, long amount, bool countsBytes)
    {
        using var all = new MemoryStream();
        await stream.PassOnAsync(all, command.Process.Killed);
        var bytes = all.GetBuffer().AsMemory(0, (int)all.Length);
        var at = countsBytes ? (int)Math.Max(0, bytes.Length - amount) : LastLines(bytes.Span, amount);
        await command.Output.WriteAsync(bytes[at..], CancellationToken.None);
    }

    private static int LastLines(ReadOnlySpan<byte> bytes, long lines)
    {
        if (lines == 0)
            return bytes.Length;
        var end = bytes.Length > 0 && bytes[^1] == '\n' ? bytes.Length - 1 : bytes.Length;
        for (var at = end - 1; at >= 0; at--)
            if (bytes[at] == '\n' && --lines == 0)
                return at + 1;
        return 0;
    }
}
