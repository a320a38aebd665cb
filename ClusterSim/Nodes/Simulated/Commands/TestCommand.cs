using System.Globalization;
using ClusterSim.Nodes.Containers;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary><c>test</c>, <c>[</c> and <c>[[</c>.</summary>
internal static class TestCommand
{
    /// <summary>The commands by name.</summary>
    public static IEnumerable<(string Name, CommandMain Main)> All =>
    [
        ("test", command => RunAsync(command, command.Arguments)),
        ("[", command => BracketAsync(command, "]")),
        ("[[", command => BracketAsync(command, "]]")),
    ];

    private static Task<int> BracketAsync(Command command, string end) =>
        command.Arguments.Count > 0 && command.Arguments[^1] == end ? RunAsync(command, [.. command.Arguments.SkipLast(1)]) : command.FailAsync($"missing {end}", 2);

    private static async Task<int> RunAsync(Command command, IReadOnlyList<string> words)
    {
        // Three words with an operator in the middle are that, whatever the first one is.
        if (!(words.Count == 3 && IsBinary(words[1])))
        {
            for (var i = words.Count - 2; i > 0; i--)
                if (words[i] is "-o" or "||")
                    return await RunAsync(command, [.. words.Take(i)]) == 0 ? 0 : await RunAsync(command, [.. words.Skip(i + 1)]);
            for (var i = words.Count - 2; i > 0; i--)
                if (words[i] is "-a" or "&&")
                    return await RunAsync(command, [.. words.Take(i)]) is var left and not 0 ? left : await RunAsync(command, [.. words.Skip(i + 1)]);
            if (words.Count > 1 && words[0] == "!")
                return await RunAsync(command, [.. words.Skip(1)]) switch { 0 => 1, 1 => 0, var wrong => wrong };
            if (words.Count > 2 && words[0] == "(" && words[^1] == ")")
                return await RunAsync(command, [.. words.Skip(1).SkipLast(1)]);
        }
        switch (words)
        {
            case []:
                return 1;
            case [var one]:
                return Code(one.Length > 0);
            case [{ Length: 2 } sign, var path] when sign[0] == '-' && Unary(command, sign[1], path) is { } holds:
                return Code(holds);
            case [var left, "=" or "==", var right]:
                return Code(command.Name == "[[" ? PosixPattern.Matches(right, left) : left == right);
            case [var left, "!=", var right]:
                return Code(command.Name == "[[" ? !PosixPattern.Matches(right, left) : left != right);
            case [var left, "=~", var right]:
                return Code(PosixPattern.Regex(right, isExtended: true).IsMatch(left));
            case [var left, "<", var right]:
                return Code(string.CompareOrdinal(left, right) < 0);
            case [var left, ">", var right]:
                return Code(string.CompareOrdinal(left, right) > 0);
            case [var left, "-nt" or "-ot", var right]:
                var (one1, other1) = (command.Stat(left)?.Modified ?? DateTime.MinValue, command.Stat(right)?.Modified ?? DateTime.MinValue);
                return Code(words[1] == "-nt" ? one1 > other1 : one1 < other1);
            case [var left, "-eq" or "-ne" or "-lt" or "-le" or "-gt" or "-ge", var right]:
                if (!long.TryParse(left, CultureInfo.InvariantCulture, out var one2))
                    return await (command with { Name = "sh" }).FailAsync($"{left}: bad number", 2);
                if (!long.TryParse(right, CultureInfo.InvariantCulture, out var other2))
                    return await (command with { Name = "sh" }).FailAsync($"{right}: bad number", 2);
                return Code(words[1] switch { "-eq" => one2 == other2, "-ne" => one2 != other2, "-lt" => one2 < other2, "-le" => one2 <= other2, "-gt" => one2 > other2, _ => one2 >= other2 });
            default:
                return await (command with { Name = "sh" }).FailAsync($"{(words.Count > 1 ? words[1] : words[0])}: unknown operand", 2);
        }
    }

    private static bool IsBinary(string word) => word is "=" or "==" or "!=" or "=~" or "<" or ">" or "-eq" or "-ne" or "-lt" or "-le" or "-gt" or "-ge" or "-nt" or "-ot";

    private static bool? Unary(Command command, char sign, string path) => sign switch
    {
        'n' => path.Length > 0,
        'z' => path.Length == 0,
        'e' => command.Stat(path) is not null,
        'f' => command.IsFile(path),
        'd' => command.IsDirectory(path),
        's' => command.Stat(path) is { IsFile: true, Length: > 0 },
        'r' => command.Stat(path) is not null,
        'x' => command.Stat(path) is { } entry && (entry.Mode & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != UnixFileMode.None,
        'w' => command.Files.IsWritable(command.Absolute(path)),
        'L' or 'h' => command.LStat(path) is { IsSymbolicLink: true },
        'p' or 'S' or 'b' or 'c' or 'u' or 'g' or 'k' => false,
        't' => path switch { "0" => command.Input is TerminalInput, "1" => command.Output is TerminalOutput, "2" => command.Error is TerminalOutput, _ => false },
        _ => null,
    };

    private static int Code(bool holds) => holds ? 0 : 1;
}
