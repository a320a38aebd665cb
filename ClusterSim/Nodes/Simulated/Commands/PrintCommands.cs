using System.Globalization;
using System.Text;
using ClusterSim.Nodes.Simulated.Shell;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>echo, printf, seq, yes, basename and the like: they print what they are given.</summary>
internal static class PrintCommands
{
    private const int NumbersPerTurn = 4096;
    private const int YesBytes = 8192;
    private const int PaddingMax = 64 * 1024;

    /// <summary>The commands by name.</summary>
    public static IEnumerable<(string Name, CommandMain Main)> All =>
    [
        ("echo", EchoAsync),
        ("printf", PrintfAsync),
        ("seq", SequenceAsync),
        ("yes", YesAsync),
        ("expr", ExpressionAsync),
        ("basename", BaseNameAsync),
        ("dirname", command => PrintAsync(command, command.Arguments.Count == 0 ? null : Path.GetDirectoryName(command.Arguments[0].TrimEnd('/')) is { Length: > 0 } folder ? folder : command.Arguments[0].StartsWith('/') ? "/" : ".")),
    ];

    /// <summary>Prints a line; without one the exit code is 1.</summary>
    public static async Task<int> PrintAsync(Command command, string? text)
    {
        if (text is null)
            return 1;
        await command.SayAsync(text + "\n");
        return 0;
    }

    private static async Task<int> EchoAsync(Command command)
    {
        var words = command.Arguments.ToList();
        var (newLine, escapes) = (true, false);
        while (words.Count > 0 && words[0].Length > 1 && words[0][0] == '-' && words[0].AsSpan(1).IndexOfAnyExcept("neE") < 0)
        {
            newLine &= !words[0].Contains('n', StringComparison.Ordinal);
            escapes |= words[0].Contains('e', StringComparison.Ordinal);
            words.RemoveAt(0);
        }
        var text = string.Join(' ', words);
        if (escapes)
        {
            (text, var ends) = Unescaped(text);
            newLine &= !ends;
        }
        await command.SayAsync(text + (newLine ? "\n" : ""));
        return 0;
    }

    private static async Task<int> PrintfAsync(Command command)
    {
        if (command.Arguments.Count == 0)
            return await command.FailAsync("usage: printf FORMAT [ARG]...");
        var (format, _) = Unescaped(command.Arguments[0]);
        var next = 1;
        do
        {
            var before = next;
            var text = new StringBuilder();
            for (var i = 0; i < format.Length; i++)
            {
                if (format[i] != '%' || i + 1 == format.Length)
                {
                    text.Append(format[i]);
                    continue;
                }
                var start = ++i;
                while (i < format.Length - 1 && format[i] is '-' or '+' or ' ' or '0' or '#' or '.' or (>= '1' and <= '9'))
                    i++;
                if (format[i] == '%')
                {
                    text.Append('%');
                    continue;
                }
                var argument = command.Arguments.ElementAtOrDefault(next++);
                var flags = format[start..i];
                if (Formatted(flags, format[i], argument) is not var (shown, width))
                    return await command.FailAsync($"%{format[start..(i + 1)]}: invalid format");
                if (width - shown.Length <= PaddingMax)
                {
                    text.Append(Padded(shown, flags, format[i], width));
                    continue;
                }
                // More than is worth to hold is printed piece by piece.
                await command.SayAsync(text.Append(flags.Contains('-', StringComparison.Ordinal) ? shown : "").ToString());
                await PadAsync(command, width - shown.Length);
                text.Clear().Append(flags.Contains('-', StringComparison.Ordinal) ? "" : shown);
            }
            await command.SayAsync(text.ToString());
            if (next == before)
                return 0;
        }
        while (next < command.Arguments.Count);
        return 0;
    }

    private static (string Shown, int Width)? Formatted(string flags, char kind, string? argument)
    {
        var parts = flags.TrimStart('-', '+', ' ', '0', '#').Split('.');
        var width = int.TryParse(parts[0], CultureInfo.InvariantCulture, out var given) ? given : 0;
        var precision = parts.Length > 1 && int.TryParse(parts[1], CultureInfo.InvariantCulture, out var places) ? places : -1;
        var number = Number(argument);
        var shown = kind switch
        {
            's' => precision >= 0 ? (argument ?? "")[..Math.Min(precision, (argument ?? "").Length)] : argument ?? "",
            'b' => Unescaped(argument ?? "").Text,
            'q' => $"'{(argument ?? "").Replace("'", "'\\''", StringComparison.Ordinal)}'",
            'c' => argument is { Length: > 0 } ? argument[..1] : "",
            'd' or 'i' or 'u' => ((long)number).ToString(CultureInfo.InvariantCulture),
            'x' => ((long)number).ToString("x", CultureInfo.InvariantCulture),
            'X' => ((long)number).ToString("X", CultureInfo.InvariantCulture),
            'o' => Convert.ToString((long)number, 8),
            'f' => number.ToString("F" + (precision < 0 ? 6 : Math.Min(precision, PaddingMax)), CultureInfo.InvariantCulture),
            'e' or 'g' => number.ToString(CultureInfo.InvariantCulture),
            _ => null,
        };
        if (shown is null)
            return null;
        if (flags.Contains('+', StringComparison.Ordinal) && kind is 'd' or 'i' && number >= 0)
            shown = "+" + shown;
        return (shown, width);
    }

    private static string Padded(string shown, string flags, char kind, int width) =>
        flags.Contains('-', StringComparison.Ordinal) ? shown.PadRight(width)
            : flags.TrimStart('+', ' ', '#').StartsWith('0') && kind is not ('s' or 'c' or 'b') ? shown.StartsWith('-') ? "-" + shown[1..].PadLeft(width - 1, '0') : shown.PadLeft(width, '0')
            : shown.PadLeft(width);

    private static async Task PadAsync(Command command, int count)
    {
        var blanks = new byte[Math.Min(count, PaddingMax)];
        blanks.AsSpan().Fill((byte)' ');
        for (; count > 0; count -= blanks.Length)
        {
            command.Process.Killed.ThrowIfCancellationRequested();
            await command.Output.WriteAsync(blanks.AsMemory(0, Math.Min(count, blanks.Length)), CancellationToken.None);
            await Task.Yield();
        }
    }

    private static double Number(string? text) =>
        text is null ? 0
        : text.StartsWith("0x", StringComparison.Ordinal) && long.TryParse(text.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var hex) ? hex
        : text.Length > 1 && text[0] is '\'' or '"' ? text[1]
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private static async Task<int> SequenceAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "s", []);
        // A negative number looks like an option.
        var numbers = command.Arguments.Where(word => long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _)).Select(word => long.Parse(word, CultureInfo.InvariantCulture)).ToList();
        var (first, step, last) = numbers switch { [var end] => (1L, 1L, end), [var start, var end] => (start, 1L, end), [var start, var by, var end] => (start, by, end), _ => (1L, 1L, 0L) };
        if (step == 0)
            return await command.FailAsync("invalid increment '0'");
        var separator = options.Value("s") ?? "\n";
        var width = options.Has("w") ? Math.Max(first.ToString(CultureInfo.InvariantCulture).Length, last.ToString(CultureInfo.InvariantCulture).Length) : 0;
        var turn = 0;
        for (Int128 number = first; step > 0 ? number <= last : number >= last; number += step)
        {
            command.Process.Killed.ThrowIfCancellationRequested();
            await command.SayAsync((number == first ? "" : separator) + number.ToString(CultureInfo.InvariantCulture).PadLeft(width, '0'));
            if (++turn % NumbersPerTurn == 0)
                await Task.Yield(); // a long sequence must not hold its thread
        }
        await command.SayAsync(step > 0 ? first <= last ? "\n" : "" : first >= last ? "\n" : "");
        return 0;
    }

    private static async Task<int> YesAsync(Command command)
    {
        var words = command.Arguments.Count == 0 ? "y" : string.Join(' ', command.Arguments);
        var lines = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(words + "\n", Math.Max(1, YesBytes / (words.Length + 1)))));
        while (true)
        {
            command.Process.Killed.ThrowIfCancellationRequested();
            await command.Output.WriteAsync(lines, CancellationToken.None);
            await Task.Yield(); // endless: its thread is others' too
        }
    }

    private static async Task<int> ExpressionAsync(Command command)
    {
        var words = command.Arguments;
        if (words is [var text, ":", var pattern])
        {
            var match = PosixPattern.Regex("^" + pattern, isExtended: false).Match(text);
            await PrintAsync(command, match.Groups.Count > 1 ? match.Groups[1].Value : match.Length.ToString(CultureInfo.InvariantCulture));
            return match.Length > 0 ? 0 : 1;
        }
        if (words is ["length", var measured])
            return await PrintAsync(command, measured.Length.ToString(CultureInfo.InvariantCulture));
        if (words is [var left, "=" or "!=" or "<" or ">" or "<=" or ">=", var right] && !(long.TryParse(left, CultureInfo.InvariantCulture, out _) && long.TryParse(right, CultureInfo.InvariantCulture, out _)))
        {
            var order = string.CompareOrdinal(left, right);
            var holds = words[1] switch { "=" => order == 0, "!=" => order != 0, "<" => order < 0, ">" => order > 0, "<=" => order <= 0, _ => order >= 0 };
            await PrintAsync(command, holds ? "1" : "0");
            return holds ? 0 : 1;
        }
        if (words is [var single] && !long.TryParse(single, CultureInfo.InvariantCulture, out _))
        {
            await PrintAsync(command, single);
            return single.Length > 0 ? 0 : 1;
        }
        try
        {
            var value = new ShellArithmetic(string.Join(' ', words.Select(word => word == "=" ? "==" : word)), _ => "").Evaluate();
            await PrintAsync(command, value.ToString(CultureInfo.InvariantCulture));
            return value == 0 ? 1 : 0;
        }
        catch (ShellSyntaxException wrong)
        {
            return await command.FailAsync(wrong.Message, 2);
        }
    }

    private static Task<int> BaseNameAsync(Command command)
    {
        if (command.Arguments.Count == 0)
            return command.FailAsync("usage: basename FILE [SUFFIX]");
        var name = Path.GetFileName(command.Arguments[0].TrimEnd('/'));
        var suffix = command.Arguments.ElementAtOrDefault(1) ?? "";
        return PrintAsync(command, suffix.Length > 0 && name != suffix && name.EndsWith(suffix, StringComparison.Ordinal) ? name[..^suffix.Length] : name);
    }

    /// <summary>A text with its backslash sequences carried out, and whether <c>\c</c> ended it.</summary>
    private static (string Text, bool Ends) Unescaped(string text)
    {
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length)
            {
                plain.Append(text[i]);
                continue;
            }
            var letter = text[++i];
            switch (letter)
            {
                case 'c':
                    return (plain.ToString(), true);
                case 'x':
                    var hex = new string([.. text.Skip(i + 1).Take(2).TakeWhile(char.IsAsciiHexDigit)]);
                    i += hex.Length;
                    plain.Append(hex.Length == 0 ? 'x' : (char)Convert.ToInt32(hex, 16));
                    break;
                case >= '0' and <= '7':
                    var octal = new string([.. text.Skip(letter == '0' ? i + 1 : i).Take(3).TakeWhile(digit => digit is >= '0' and <= '7')]);
                    i += letter == '0' ? octal.Length : octal.Length - 1;
                    plain.Append((char)(octal.Length == 0 ? 0 : Convert.ToInt32(octal, 8)));
                    break;
                default:
                    plain.Append(letter switch { 'n' => "\n", 't' => "\t", 'r' => "\r", 'a' => "\a", 'b' => "\b", 'e' => "\u001b", 'f' => "\f", 'v' => "\v", '\\' => "\\", '"' => "\"", _ => "\\" + letter });
                    break;
            }
        }
        return (plain.ToString(), false);
    }
}
