using System.Globalization;
using System.Text;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Volumes;
using ClusterSim.Streaming;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>The everyday commands about the process and its surroundings: env, id, ps, kill, sleep, date, stty and the like.</summary>
internal static class SystemCommands
{
    // A century is as good as for ever.
    private const double SleepSecondsMax = 100 * 365.0 * 86400;

    private static readonly Dictionary<string, int> SignalNumbers = new(StringComparer.Ordinal)
    {
        ["HUP"] = 1,
        ["INT"] = 2,
        ["QUIT"] = 3,
        ["KILL"] = 9,
        ["USR1"] = 10,
        ["USR2"] = 12,
        ["PIPE"] = 13,
        ["ALRM"] = 14,
        ["TERM"] = 15,
        ["CHLD"] = 17,
        ["CONT"] = 18,
        ["STOP"] = 19,
    };

    /// <summary>The commands by name.</summary>
    public static IEnumerable<(string Name, CommandMain Main)> All =>
    [
        ("true", _ => Task.FromResult(0)),
        ("false", _ => Task.FromResult(1)),
        ("sleep", SleepAsync),
        ("usleep", async command => { await Task.Delay(TimeSpan.FromMicroseconds(TextCommands.Amount(command.Arguments[0])), command.Process.Clock, command.Process.Killed); return 0; }),
        ("env", EnvAsync),
        ("printenv", command => command.Arguments.Count == 0 ? EnvAsync(command) : PrintCommands.PrintAsync(command, command.Variables.GetValueOrDefault(command.Arguments[0]))),
        ("hostname", HostnameAsync),
        ("pwd", command => PrintCommands.PrintAsync(command, command.Directory)),
        ("date", DateAsync),
        ("id", IdAsync),
        ("whoami", command => UserOf(command).Uid == 0 ? PrintCommands.PrintAsync(command, "root") : command.FailAsync(string.Create(CultureInfo.InvariantCulture, $"unknown uid {UserOf(command).Uid}"))),
        ("uname", UnameAsync),
        ("ps", ProcessesAsync),
        ("pgrep", async command => { var found = Matching(command, Last(command)); await command.SayAsync(string.Concat(found.Select(process => string.Create(CultureInfo.InvariantCulture, $"{process.Id}\n")))); return found.Count > 0 ? 0 : 1; }),
        ("pkill", async command => await SignalAsync(command, Matching(command, Last(command)), [.. command.Arguments.SkipLast(1)])),
        ("killall", async command => await SignalAsync(command, Matching(command, Last(command)), [.. command.Arguments.SkipLast(1)])),
        ("kill", KillAsync),
        ("nproc", command => PrintCommands.PrintAsync(command, "1")),
        ("stty", TerminalSettingsAsync),
        ("tty", command => command.Input is TerminalInput ? PrintCommands.PrintAsync(command, "/dev/pts/0") : PrintAndFailAsync(command, "not a tty")),
        ("clear", async command => { await command.SayAsync("\u001b[H\u001b[J"); return 0; }),
        ("reset", async command => { await command.SayAsync("\u001bc"); return 0; }),
    ];

    /// <summary>The user and group a command runs as.</summary>
    public static (long Uid, long Gid) UserOf(Command command) => command.Process.Files is ContainerFileRoot files ? files.User : (0, 0);

    /// <summary>A signal's number, by number or by name with or without <c>SIG</c>; null where there is none.</summary>
    public static int? SignalOf(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : SignalNumbers.TryGetValue(text.StartsWith("SIG", StringComparison.Ordinal) ? text[3..] : text.ToUpperInvariant(), out var named) ? named : null;

    private static async Task<int> PrintAndFailAsync(Command command, string text)
    {
        await command.SayAsync(text + "\n");
        return 1;
    }

    private static async Task<int> SleepAsync(Command command)
    {
        if (command.Arguments.Count == 0)
            return await command.FailAsync("usage: sleep [N]...");
        var total = TimeSpan.Zero;
        foreach (var word in command.Arguments)
        {
            if (word is "infinity" or "inf")
            {
                await command.Process.KilledAsync();
                return ContainerExit.Killed;
            }
            var unit = word.Length > 0 ? word[^1] switch { 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 1 } : 1;
            if (!double.TryParse(word.TrimEnd('s', 'm', 'h', 'd'), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) || !(seconds >= 0))
                return await command.FailAsync($"invalid number '{word}'");
            total += TimeSpan.FromSeconds(Math.Min(seconds * unit, SleepSecondsMax));
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
        var variables = new Dictionary<string, string>(command.Variables, StringComparer.Ordinal);
        var words = command.Arguments.ToList();
        while (words.Count > 0 && (words[0].StartsWith('-') || words[0].Contains('=', StringComparison.Ordinal)))
        {
            if (words[0] is "-i" or "-")
                variables.Clear();
            else if (words[0] == "-u" && words.Count > 1)
            {
                words.RemoveAt(0);
                variables.Remove(words[0]);
            }
            else if (words[0].Split('=', 2) is [var name, var value] && !words[0].StartsWith('-'))
                variables[name] = value;
            else
                return await command.FailAsync($"{words[0]} is not known to the simulated env, which has -i and -u");
            words.RemoveAt(0);
        }
        if (words.Count == 0)
        {
            await command.SayAsync(string.Concat(variables.Select(variable => $"{variable.Key}={variable.Value}\n")));
            return 0;
        }
        return command.Find(words[0]) is { } main
            ? await command.RunAsync(main, command with { Name = words[0], Arguments = words[1..], Variables = variables })
            : await command.FailAsync($"can't execute '{words[0]}': No such file or directory", 127);
    }

    private static Task<int> HostnameAsync(Command command) => command.Arguments switch
    {
        ["-i" or "-I"] => PrintCommands.PrintAsync(command, HostsAddress(command)),
        _ => PrintCommands.PrintAsync(command, command.Process.Environment.GetValueOrDefault("HOSTNAME", "localhost")),
    };

    private static string? HostsAddress(Command command)
    {
        var name = command.Process.Environment.GetValueOrDefault("HOSTNAME", "localhost");
        return !command.IsFile("/etc/hosts") ? null : command.Files.ReadAllText("/etc/hosts").Split('\n').Select(line => line.Split('\t')).FirstOrDefault(words => words.Skip(1).Contains(name))?[0];
    }

    private static async Task<int> IdAsync(Command command)
    {
        var (uid, gid) = UserOf(command);
        var options = Options.Read(command.Arguments, "", []);
        var groups = (command.Process.Files as ContainerFileRoot)?.Groups.Where(group => group != gid).Prepend(gid).ToList() ?? [gid];
        string Shown(long id) => options.Has("n") && id == 0 ? "root" : id.ToString(CultureInfo.InvariantCulture);
        static string Named(long id) => string.Create(CultureInfo.InvariantCulture, $"{id}{(id == 0 ? "(root)" : "")}");
        return await PrintCommands.PrintAsync(command,
            options.Has("u") ? Shown(uid)
            : options.Has("g") ? Shown(gid)
            : options.Has("G") ? string.Join(' ', groups.Select(Shown))
            : $"uid={Named(uid)} gid={Named(gid)} groups={string.Join(',', groups.Select(Named))}");
    }

    private static Task<int> UnameAsync(Command command)
    {
        var host = command.Process.Environment.GetValueOrDefault("HOSTNAME", "localhost");
        var options = Options.Read(command.Arguments, "", []);
        var words = new List<string>();
        if (options.Has("a") || options.Has("s") || command.Arguments.Count == 0)
            words.Add("Linux");
        if (options.Has("a") || options.Has("n"))
            words.Add(host);
        if (options.Has("a") || options.Has("r"))
            words.Add("simulated");
        if (options.Has("a") || options.Has("m"))
            words.Add("x86_64");
        if (options.Has("a"))
            words.Add("GNU/Linux");
        return PrintCommands.PrintAsync(command, string.Join(' ', words));
    }

    private static async Task<int> ProcessesAsync(Command command)
    {
        static string Named(long user) => user == 0 ? "root" : user.ToString(CultureInfo.InvariantCulture);
        var running = (command.Process.Files as ContainerFileRoot)?.Processes.Running ?? [];
        await command.SayAsync("PID   USER     TIME  COMMAND\n");
        foreach (var process in running)
            await command.SayAsync(string.Create(CultureInfo.InvariantCulture, $"{process.Id,5} {Named(process.User),-8}  0:00 {process.CommandLine}\n"));
        // A shell's own child, as which it runs on Linux.
        var own = string.Join(' ', command.Arguments.Prepend(command.Name));
        if (!running.Any(process => process.CommandLine == own))
            await command.SayAsync(string.Create(CultureInfo.InvariantCulture, $"{(running.Count == 0 ? 1 : running[^1].Id + 1),5} {Named(UserOf(command).Uid),-8}  0:00 {own}\n"));
        return 0;
    }

    private static string Last(Command command) => command.Arguments.Count == 0 ? "" : command.Arguments[^1];

    private static List<ContainerProcess> Matching(Command command, string pattern) =>
        [.. ((command.Process.Files as ContainerFileRoot)?.Processes.Running ?? []).Where(process => PosixPattern.Regex(pattern, isExtended: true).IsMatch(process.CommandLine.Split(' ')[0]))];

    private static async Task<int> KillAsync(Command command)
    {
        var words = command.Arguments.ToList();
        if (words is ["-l", ..])
            return await PrintCommands.PrintAsync(command, string.Join('\n', SignalNumbers.OrderBy(pair => pair.Value).Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Value,2}) {pair.Key}"))));
        var signal = "TERM";
        if (words.Count > 1 && words[0] == "-s")
            (signal, words) = (words[1], words[2..]);
        else if (words.Count > 0 && words[0].StartsWith('-'))
            (signal, words) = (words[0][1..], words[1..]);
        if (words.Count == 0)
            return await command.FailAsync("you need to specify whom to kill");
        var code = 0;
        foreach (var word in words)
            if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var id))
                code = await command.FailAsync($"invalid number '{word}'");
            else if ((command.Process.Files as ContainerFileRoot)?.Processes.Find(id) is not { } process)
                code = await command.FailAsync($"can't kill pid {id}: No such process");
            else
                code |= await SignalAsync(command, [process], ["-" + signal]);
        return code;
    }

    private static async Task<int> SignalAsync(Command command, IReadOnlyList<ContainerProcess> processes, IReadOnlyList<string> options)
    {
        var name = options.Count > 0 ? options[0].TrimStart('-') : "TERM";
        if (SignalOf(name) is not { } signal)
            return await command.FailAsync($"bad signal name '{name}'");
        foreach (var process in processes)
            if (signal != 0)
                process.Signal(signal);
        return processes.Count > 0 ? 0 : 1;
    }

    private static async Task<int> DateAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "dDs", ["date"]);
        if (options.Has("s"))
            return await command.FailAsync("can't set date: Operation not permitted");
        var now = command.Process.Clock.GetUtcNow().UtcDateTime;
        if ((options.Value("d") ?? options.Value("date")) is { } said)
        {
            if (said.StartsWith('@') && long.TryParse(said.AsSpan(1), CultureInfo.InvariantCulture, out var seconds))
                now = DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime;
            else if (DateTime.TryParse(said, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var parsed))
                now = parsed;
            else
                return await command.FailAsync($"invalid date '{said}'");
        }
        var format = command.Arguments.FirstOrDefault(word => word.StartsWith('+'))?[1..]
            ?? (command.Arguments.Any(word => word is "-Iseconds" or "-Is") ? "%Y-%m-%dT%H:%M:%S+00:00" : options.Has("I") ? "%Y-%m-%d" : options.Has("R") ? "%a, %d %b %Y %H:%M:%S +0000" : "%a %b %e %H:%M:%S UTC %Y");
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
                'y' => Part("yy"),
                'm' => Part("MM"),
                'd' => Part("dd"),
                'e' => now.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
                'H' => Part("HH"),
                'I' => Part("hh"),
                'p' => Part("tt"),
                'M' => Part("mm"),
                'S' => Part("ss"),
                'F' => Part("yyyy-MM-dd"),
                'T' => Part("HH:mm:ss"),
                'R' => Part("HH:mm"),
                'D' => Part("MM/dd/yy"),
                'c' => Part("ddd MMM d HH:mm:ss yyyy"),
                'a' => Part("ddd"),
                'A' => Part("dddd"),
                'b' or 'h' => Part("MMM"),
                'B' => Part("MMMM"),
                'j' => now.DayOfYear.ToString("D3", CultureInfo.InvariantCulture),
                'u' => (now.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)now.DayOfWeek).ToString(CultureInfo.InvariantCulture),
                'n' => "\n",
                't' => "\t",
                'Z' => "UTC",
                'z' => "+0000",
                var other => other.ToString(),
            });
        }
        return await PrintCommands.PrintAsync(command, text.ToString());

        string Part(string pattern) => now.ToString(pattern, CultureInfo.InvariantCulture);
    }

    /// <summary><c>stty</c>, <c>stty size</c>, <c>stty [-]echo</c>, <c>stty raw|sane</c>: of the terminal that standard input is.</summary>
    private static async Task<int> TerminalSettingsAsync(Command command)
    {
        if (command.Input is not TerminalInput { Terminal: var terminal })
            return await command.FailAsync("standard input: Not a tty");
        if (command.Arguments.Count == 0)
            return await PrintCommands.PrintAsync(command, $"speed 38400 baud; line = 0;\n{(terminal.Echoes ? "" : "-")}echo {(terminal.IsCanonical ? "" : "-")}icanon {(terminal.Signals ? "" : "-")}isig");
        foreach (var word in command.Arguments)
            switch (word)
            {
                case "size":
                    await command.SayAsync(string.Create(CultureInfo.InvariantCulture, $"{terminal.Size.Height} {terminal.Size.Width}\n"));
                    break;
                case "-a":
                    await command.SayAsync(string.Create(CultureInfo.InvariantCulture, $"speed 38400 baud; rows {terminal.Size.Height}; columns {terminal.Size.Width}; line = 0;\nintr = ^C; erase = ^?; kill = ^U; eof = ^D;\n{(terminal.Signals ? "" : "-")}isig {(terminal.IsCanonical ? "" : "-")}icanon {(terminal.Echoes ? "" : "-")}echo {(terminal.TurnsLineEnds ? "" : "-")}opost\n"));
                    break;
                case "echo" or "-echo":
                    terminal.Echoes = word[0] != '-';
                    break;
                case "icanon" or "-icanon" or "cbreak" or "-cbreak":
                    terminal.IsCanonical = word is "icanon" or "-cbreak";
                    break;
                case "isig" or "-isig":
                    terminal.Signals = word[0] != '-';
                    break;
                case "raw" or "sane" or "cooked" or "-raw":
                    terminal.IsCanonical = terminal.Signals = terminal.TurnsLineEnds = word != "raw";
                    terminal.Echoes |= word == "sane";
                    break;
                default:
                    return await command.FailAsync($"invalid argument '{word}'");
            }
        return 0;
    }
}
