using System.Globalization;
using System.Runtime.CompilerServices;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Simulated.Shell;

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
        try
        {
            return Code(new Expression(command, words).Evaluate());
        }
        catch (FormatException ex)
        {
            return await (command with { Name = "sh" }).FailAsync(ex.Message, 2);
        }
    }

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

    /// <summary>An expression: <c>-o</c> binds loosest, then <c>-a</c>, then <c>!</c>; every operand is looked at once.</summary>
    private sealed class Expression(Command command, IReadOnlyList<string> words)
    {
        private int _at;
        private int _depth;

        private int Left => words.Count - _at;

        public bool Evaluate()
        {
            // Two and three words have a meaning of their own (POSIX), whatever the first one is.
            if (words.Count == 0)
                return false;
            if (words.Count == 3 && (IsBinary(words[1]) || (words[1] is "-a" or "-o" && words[0] is not ("!" or "("))))
                return words[1] switch { "-a" => words[0].Length > 0 && words[2].Length > 0, "-o" => words[0].Length > 0 || words[2].Length > 0, _ => Compare(words[0], words[1], words[2]) };
            var holds = Or();
            return Left == 0 ? holds : throw new FormatException($"{words[_at]}: unknown operand");
        }

        private bool Or()
        {
            if (++_depth > ShellLimits.NestingMax || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
                throw new FormatException($"parentheses are nested more than {ShellLimits.NestingMax} deep");
            var holds = And();
            while (Left > 0 && words[_at] is "-o" or "||")
            {
                _at++;
                holds |= And();
            }
            _depth--;
            return holds;
        }

        private bool And()
        {
            var holds = Not();
            while (Left > 0 && words[_at] is "-a" or "&&")
            {
                _at++;
                holds &= Not();
            }
            return holds;
        }

        private bool Not()
        {
            var isNegated = false;
            while (Left > 1 && words[_at] == "!" && !IsComparison)
            {
                isNegated = !isNegated;
                _at++;
            }
            return Primary() != isNegated;
        }

        private bool IsComparison => Left > 2 && IsBinary(words[_at + 1]);

        private bool Primary()
        {
            if (Left == 0)
                throw new FormatException("argument expected");
            if (IsComparison)
            {
                _at += 3;
                return Compare(words[_at - 3], words[_at - 2], words[_at - 1]);
            }
            if (words[_at] == "(" && Left > 1)
            {
                _at++;
                var holds = Or();
                if (Left == 0 || words[_at] != ")")
                    throw new FormatException("closing paren expected");
                _at++;
                return holds;
            }
            if (Left > 1 && words[_at] is ['-', var sign] && Unary(command, sign, words[_at + 1]) is { } known)
            {
                _at += 2;
                return known;
            }
            return words[_at++].Length > 0;
        }

        private bool Compare(string left, string sign, string right)
        {
            switch (sign)
            {
                case "=" or "==":
                    return command.Name == "[[" ? GlobPattern.Matches(right, left) : left == right;
                case "!=":
                    return command.Name == "[[" ? !GlobPattern.Matches(right, left) : left != right;
                case "=~":
                    return PosixPattern.Regex(right, isExtended: true).IsMatch(left);
                case "<":
                    return string.CompareOrdinal(left, right) < 0;
                case ">":
                    return string.CompareOrdinal(left, right) > 0;
                case "-nt" or "-ot":
                    var (leftTime, rightTime) = (command.Stat(left)?.Modified ?? DateTime.MinValue, command.Stat(right)?.Modified ?? DateTime.MinValue);
                    return sign == "-nt" ? leftTime > rightTime : leftTime < rightTime;
                default:
                    var (one, other) = (Number(left), Number(right));
                    return sign switch { "-eq" => one == other, "-ne" => one != other, "-lt" => one < other, "-le" => one <= other, "-gt" => one > other, _ => one >= other };
            }
        }

        private static long Number(string word) => long.TryParse(word, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException($"{word}: bad number");

        private static bool IsBinary(string word) => word is "=" or "==" or "!=" or "=~" or "<" or ">" or "-eq" or "-ne" or "-lt" or "-le" or "-gt" or "-ge" or "-nt" or "-ot";
    }
}
