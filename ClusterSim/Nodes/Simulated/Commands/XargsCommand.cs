namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary><c>xargs [-0rt] [-n N] [-I WORD] [program [words]]</c>. It holds all words.</summary>
internal static class XargsCommand
{
    private const int WordsMax = 1000;
    private const long WordBytes = 32;

    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(Command command)
    {
        var words = command.Arguments.ToList();
        var (most, replaced) = (WordsMax, (string?)null);
        while (words.Count > 0 && words[0].StartsWith('-'))
        {
            var option = words[0];
            words.RemoveAt(0);
            if (option.StartsWith("-n", StringComparison.Ordinal) || option.StartsWith("-I", StringComparison.Ordinal))
            {
                var value = option.Length > 2 ? option[2..] : words.ElementAtOrDefault(0) ?? "";
                if (option.Length == 2 && words.Count > 0)
                    words.RemoveAt(0);
                if (option[1] == 'n')
                    most = (int)Math.Clamp(TextCommands.Amount(value), int.MinValue, int.MaxValue);
                else
                    replaced = value;
            }
            else if (option is not ("-r" or "-t" or "-0"))
            {
                return await command.FailAsync($"{option} is not known to the simulated xargs, which has -n, -I, -r and -0");
            }
        }
        var text = await command.ReadAsync([]);
        var given = command.Arguments.Contains("-0") ? text.Split('\0', StringSplitOptions.RemoveEmptyEntries)
            : replaced is null ? text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries) : [.. TextCommands.Lines(text)];
        command.Memory.Charge(given.Length * WordBytes);
        if (most < 1)
            return await command.FailAsync($"invalid number '{most}'");
        if (words.Count == 0)
            words.Add("echo");
        if (command.Find(words[0]) is not { } main)
            return await command.FailAsync($"{words[0]}: No such file or directory", 127);
        var code = 0;
        foreach (var part in replaced is null ? given.Chunk(most).DefaultIfEmpty([]) : given.Select(one => (string[])[one]))
        {
            if (part.Length == 0 && command.Arguments.Contains("-r"))
                break;
            var arguments = replaced is null ? [.. words.Skip(1), .. part] : words.Skip(1).Select(word => word.Replace(replaced, part[0], StringComparison.Ordinal)).ToList();
            command.Process.Killed.ThrowIfCancellationRequested();
            if (await command.RunAsync(main, command with { Name = words[0], Arguments = arguments, Input = Stream.Null }) != 0)
                code = 123;
        }
        return code;
    }
}
