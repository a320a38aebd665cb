using System.Globalization;
using System.Text;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>The everyday commands that neither read files nor dial: echo, sleep, env, date, test and the like.</summary>
internal static class SystemCommands
{
    /// <summary>The commands by name.</summary>
    public static IEnumerable<(string Name, CommandMain Main)> All =>
    [
        ("true", _ => Task.FromResult(0)),
        ("false", _ => Task.FromResult(1)),
        ("echo", EchoAsync),
        ("printf", PrintfAsync),
        ("sleep", SleepAsync),
        ("env", EnvAsync),
        ("printenv", command => command.Arguments.Count == 0 ? EnvAsync(command) : PrintAsync(command, command.Variables.GetValueOrDefault(command.Arguments[0]))),
        ("hostname", command => PrintAsync(command, command.Process.Environment.GetValueOrDefault("HOSTNAME", "localhost"))),
        ("pwd", command => PrintAsync(command, command.Directory)),
        ("date", DateAsync),
        ("id", command => PrintAsync(command, command.Arguments.Count > 0 ? "0" : "uid=0(root) gid=0(root) groups=0(root)")),
        ("whoami", command => PrintAsync(command, "root")),
        ("uname", command => PrintAsync(command, command.Arguments.Contains("-a") ? $"Linux {command.Process.Environment.GetValueOrDefault("HOSTNAME", "localhost")} simulated" : "Linux")),
        ("ps", command => PrintAsync(command, "PID   USER     TIME  COMMAND\n    1 root      0:00 " + command.Name)),
        ("nproc", command => PrintAsync(command, "1")),
        ("seq", SequenceAsync),
        ("yes", YesAsync),
        ("expr", ExpressionAsync),
        ("basename", command => PrintAsync(command, Path.GetFileName(command.Arguments[0].TrimEnd('/')))),
        ("dirname", command => PrintAsync(command, Path.GetDirectoryName(command.Arguments[0]) is { Length: > 0 } folder ? folder : ".")),
        ("test", command => TestAsync(command, command.Arguments)),
        ("[", command => command.Arguments.Count > 0 && command.Arguments[^1] == "]" ? TestAsync(command, [.. command.Arguments.SkipLast(1)]) : command.FailAsync("missing ]", 2)),
    ];

    private static async Task<int> PrintAsync(Command command, string? text)
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
        while (words.Count > 0 && words[0] is "-n" or "-e" or "-ne" or "-en")
        {
            newLine &= !words[0].Contains('n', StringComparison.Ordinal);
            escapes |= words[0].Contains('e', StringComparison.Ordinal);
            words.RemoveAt(0);
        }
        var text = string.Join(' ', words);
        await command.SayAsync((escapes ? Unescaped(text) : text) + (newLine ? "\n" : ""));
        return 0;
    }

    private static async Task<int> PrintfAsync(Command command)
    {
        if (command.Arguments.Count == 0)
            return await command.FailAsync("usage: printf FORMAT [ARG]...");
        var format = Unescaped(command.Arguments[0]);
        var next = 1;
        do
        {
            var text = new StringBuilder();
            for (var i = 0; i < format.Length; i++)
            {
                if (format[i] != '%' || i + 1 == format.Length)
                    text.Append(format[i]);
                else if (format[++i] == '%')
                    text.Append('%');
                else if (format[i] is 's' or 'd' or 'i' or 'u')
                    text.Append(command.Arguments.ElementAtOrDefault(next++) ?? (format[i] == 's' ? "" : "0"));
                else
                    return await command.FailAsync($"%{format[i]} is not known to the simulated printf, which has %s, %d, %i, %u and %%");
            }
            await command.SayAsync(text.ToString());
        }
        while (next > 1 && next < command.Arguments.Count);
        return 0;
    }

    private static async Task<int> SleepAsync(Command command)
    {
        var total = TimeSpan.Zero;
        foreach (var word in command.Arguments)
        {
            if (word is "infinity" or "inf")
            {
                await command.Process.KilledAsync();
                return 137;
            }
            var unit = word[^1] switch { 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 1 };
            if (!double.TryParse(word.TrimEnd('s', 'm', 'h', 'd'), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
                return await command.FailAsync($"invalid number '{word}'");
            total += TimeSpan.FromSeconds(seconds * unit);
        }
        while (total > TimeSpan.Zero)
        {
            // A timer takes some 49 days at most.
            var part = total < TimeSpan.FromDays(40) ? total : TimeSpan.FromDays(40);
            await Task.Delay(part, command.Process.Clock, command.Process.Killed);
            total -= part;
        }
        return 0;
    }

    private static async Task<int> EnvAsync(Command command)
    {
        await command.SayAsync(string.Concat(command.Variables.Select(variable => $"{variable.Key}={variable.Value}\n")));
        return 0;
    }

    private static async Task<int> DateAsync(Command command)
    {
        var now = command.Process.Clock.GetUtcNow().UtcDateTime;
        var format = command.Arguments.FirstOrDefault(word => word.StartsWith('+'))?[1..] ?? "%a %b %e %H:%M:%S UTC %Y";
        var text = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }
            text.Append(format[++i] switch
            {
                's' => new DateTimeOffset(now).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
                'N' => (now.Ticks % TimeSpan.TicksPerSecond * 100).ToString("D9", CultureInfo.InvariantCulture),
                'Y' => Part("yyyy"),
                'm' => Part("MM"),
                'd' => Part("dd"),
                'e' => now.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
                'H' => Part("HH"),
                'M' => Part("mm"),
                'S' => Part("ss"),
                'F' => Part("yyyy-MM-dd"),
                'T' => Part("HH:mm:ss"),
                'a' => Part("ddd"),
                'b' => Part("MMM"),
                'Z' => "UTC",
                'z' => "+0000",
                var other => other.ToString(),
            });
        }
        return await PrintAsync(command, text.ToString());

        string Part(string pattern) => now.ToString(pattern, CultureInfo.InvariantCulture);
    }

    private static async Task<int> SequenceAsync(Command command)
    {
        var numbers = command.Arguments.Select(word => long.Parse(word, CultureInfo.InvariantCulture)).ToList();
        var (first, step, last) = numbers switch { [var end] => (1L, 1L, end), [var start, var end] => (start, 1L, end), [var start, var by, var end] => (start, by, end), _ => (1L, 1L, 0L) };
        for (var number = first; step > 0 ? number <= last : number >= last; number += step)
            await command.SayAsync(number.ToString(CultureInfo.InvariantCulture) + "\n");
        return 0;
    }

    private static async Task<int> YesAsync(Command command)
    {
        // Endless output would fill memory here, where a real pipe would hold it back.
        return await command.FailAsync("endless output is not supported by the simulator");
    }

    private static async Task<int> ExpressionAsync(Command command)
    {
        try
        {
            var value = new Shell.ShellArithmetic(string.Join(' ', command.Arguments), _ => "").Evaluate();
            await PrintAsync(command, value.ToString(CultureInfo.InvariantCulture));
            return value == 0 ? 1 : 0;
        }
        catch (Shell.ShellSyntaxException wrong)
        {
            return await command.FailAsync(wrong.Message, 2);
        }
    }

    private static async Task<int> TestAsync(Command command, IReadOnlyList<string> words)
    {
        if (words.Count > 0 && words[0] == "!")
            return await TestAsync(command, [.. words.Skip(1)]) == 0 ? 1 : 0;
        for (var i = 1; i < words.Count - 1; i++)
            if (words[i] is "-a" or "-o")
            {
                var left = await TestAsync(command, [.. words.Take(i)]) == 0;
                var right = await TestAsync(command, [.. words.Skip(i + 1)]) == 0;
                return (words[i] == "-a" ? left && right : left || right) ? 0 : 1;
            }
        bool? holds = words switch
        {
            [] => false,
            [var one] => one.Length > 0,
            ["-n", var text] => text.Length > 0,
            ["-z", var text] => text.Length == 0,
            ["-e", var path] => Path.Exists(command.Resolve(path)),
            ["-f", var path] => File.Exists(command.Resolve(path)),
            ["-d", var path] => Directory.Exists(command.Resolve(path)),
            ["-s", var path] => new FileInfo(command.Resolve(path)) is { Exists: true, Length: > 0 },
            ["-r" or "-x", var path] => Path.Exists(command.Resolve(path)),
            ["-w", var path] => Path.Exists(command.Resolve(path)) && !command.Process.Files.IsReadOnly(command.Absolute(path)),
            ["-L" or "-h", var path] => new FileInfo(command.Resolve(path)).LinkTarget is not null,
            [var left, "=" or "==", var right] => left == right,
            [var left, "!=", var right] => left != right,
            [var left, "-eq" or "-ne" or "-lt" or "-le" or "-gt" or "-ge", var right] => Compare(left, words[1], right),
            _ => null,
        };
        return holds is { } answer ? answer ? 0 : 1 : await command.FailAsync($"{string.Join(' ', words)}: unknown operand", 2);
    }

    private static bool? Compare(string left, string how, string right)
    {
        if (!long.TryParse(left, CultureInfo.InvariantCulture, out var one) || !long.TryParse(right, CultureInfo.InvariantCulture, out var other))
            return null;
        return how switch { "-eq" => one == other, "-ne" => one != other, "-lt" => one < other, "-le" => one <= other, "-gt" => one > other, _ => one >= other };
    }

    private static string Unescaped(string text) =>
        text.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal).Replace("\\r", "\r", StringComparison.Ordinal).Replace("\\\\", "\\", StringComparison.Ordinal);
}
