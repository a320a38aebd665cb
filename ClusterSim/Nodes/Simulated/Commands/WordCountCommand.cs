using System.Globalization;
using System.Text;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary><c>wc [-lwcm] [file…]</c>. It holds nothing of what it counts.</summary>
internal static class WordCountCommand
{
    private const int ChunksPerTurn = 64;

    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        var totals = (Lines: 0L, Words: 0L, Bytes: 0L);
        foreach (var (name, stream) in command.Inputs(options.Rest))
            await using (stream)
            {
                var counts = await CountAsync(command, stream, countsLetters: options.Has("m"));
                totals = (totals.Lines + counts.Lines, totals.Words + counts.Words, totals.Bytes + counts.Bytes);
                await SayAsync(counts, options.Rest.Count == 0 ? null : name);
            }
        if (options.Rest.Count > 1)
            await SayAsync(totals, "total");
        return 0;

        Task SayAsync((long Lines, long Words, long Bytes) counts, string? name)
        {
            var isOne = options.Has("l") ^ options.Has("w") ^ (options.Has("c") || options.Has("m"));
            List<long> shown = [];
            var isAll = !options.Has("l") && !options.Has("w") && !options.Has("c") && !options.Has("m");
            if (isAll || options.Has("l"))
                shown.Add(counts.Lines);
            if (isAll || options.Has("w"))
                shown.Add(counts.Words);
            if (isAll || options.Has("c") || options.Has("m"))
                shown.Add(counts.Bytes);
            // As busybox: one number stands for itself, several in columns of nine.
            var text = isOne && shown.Count == 1 ? shown[0].ToString(CultureInfo.InvariantCulture) : string.Join(' ', shown.Select(number => number.ToString(CultureInfo.InvariantCulture).PadLeft(9)));
            return command.SayAsync(text + (name is null ? "" : " " + name) + "\n");
        }
    }

    private static async Task<(long Lines, long Words, long Bytes)> CountAsync(Command command, Stream stream, bool countsLetters)
    {
        var (lines, words, bytes, isInWord) = (0L, 0L, 0L, false);
        var buffer = new byte[32 * 1024];
        var letters = new char[buffer.Length];
        var decoder = Encoding.UTF8.GetDecoder();
        for (var chunk = 1; (stream is FileStream ? stream.Read(buffer) : await stream.ReadAsync(buffer, command.Process.Killed)) is var count and > 0; chunk++)
        {
            command.Process.Killed.ThrowIfCancellationRequested();
            var decoded = decoder.GetChars(buffer.AsSpan(0, count), letters, flush: false);
            foreach (var letter in letters.AsSpan(0, decoded))
            {
                lines += letter == '\n' ? 1 : 0;
                var isBlank = char.IsWhiteSpace(letter);
                words += !isBlank && !isInWord ? 1 : 0;
                isInWord = !isBlank;
            }
            bytes += countsLetters ? decoded : count;
            if (chunk % ChunksPerTurn == 0)
                await Task.Yield(); // an endless stream must not hold its thread for ever
        }
        return (lines, words, bytes);
    }
}
