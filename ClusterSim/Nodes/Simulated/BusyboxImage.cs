using ClusterSim.Nodes.Images;
using ClusterSim.Nodes.Simulated.Commands;
using ClusterSim.Nodes.Simulated.Shell;
using ClusterSim.Nodes.Volumes;
using Processes;

namespace ClusterSim.Nodes.Simulated;

/// <summary>
/// <c>busybox</c>: a shell and the everyday commands, and <c>curl</c>, which the real one lacks. As process 1 they ignore SIGTERM unless a shell sets a trap, as they do on Linux.
/// </summary>
internal static class BusyboxImage
{
    // A timer takes some 49 days at most.
    private const double SecondsMax = 40 * 86400;

    private static readonly Dictionary<string, CommandMain> Commands = new[]
        {
            SystemCommands.All, PrintCommands.All, TestCommand.All, FileCommands.All, TextCommands.All,
            [
                ("wget", NetworkCommands.WgetAsync), ("curl", NetworkCommands.CurlAsync), ("nc", NetworkCommands.NetcatAsync), ("nslookup", NetworkCommands.LookupAsync), ("ping", NetworkCommands.PingAsync),
                ("sh", ShellAsync), ("ash", ShellAsync), ("which", WhichAsync), ("timeout", TimeoutAsync), ("httpd", HttpdAsync), ("busybox", BusyboxAsync),
            ],
        }.SelectMany(commands => commands)
        .ToDictionary(command => command.Item1, command => command.Item2, StringComparer.Ordinal);

    /// <summary>The image; <paramref name="others"/> are programs besides busybox's own.</summary>
    public static Image Create(string name, ImageConfiguration configuration, params ReadOnlySpan<(string Name, ProgramMain Main)> others)
    {
        var programs = new Dictionary<string, ProgramMain>(StringComparer.Ordinal);
        foreach (var (program, main) in Commands)
            programs[program] = process => RunAsync(program, main, process);
        foreach (var (program, main) in others)
            programs[program] = main;
        return new SimulatedImage(name, configuration, programs);
    }

    /// <summary>The image <c>busybox</c>.</summary>
    public static Image Create() => Create("busybox", new ImageConfiguration { Command = ["sh"] });

    /// <summary>The command of a container's main process, or of one that is executed in it.</summary>
    public static Task<int> RunAsync(string name, CommandMain main, ServiceProcess process) => ChildProcess.RunMainAsync(main, Command.Of(name, process));

    /// <summary>The programs a shell of this image finds, by name or by path.</summary>
    public static CommandMain? Find(string name)
    {
        var slash = name.LastIndexOf('/');
        return slash >= 0 && name[..slash] is not ("/bin" or "/usr/bin" or "/sbin" or "/usr/sbin") ? null : Commands.GetValueOrDefault(name[(slash + 1)..]);
    }

    private static async Task<int> ShellAsync(Command command)
    {
        var process = command.Process with { Environment = command.Variables, WorkingDirectory = command.Directory };
        var own = string.Join(' ', command.Arguments.Prepend(command.Name));
        using var state = new ShellState(process, command.Memory)
        {
            ProcessId = (process.Files as ContainerFileRoot)?.Processes.Running.LastOrDefault(one => one.CommandLine == own)?.Id ?? 1,
        };
        var words = command.Arguments.ToList();
        var (runs, reads) = (false, false);
        while (words.Count > 0 && words[0].Length > 1 && words[0][0] is '-' or '+')
        {
            var letters = words[0];
            words.RemoveAt(0);
            if (letters == "--")
                break;
            runs |= letters.Contains('c', StringComparison.Ordinal);
            reads |= letters.Contains('s', StringComparison.Ordinal);
            state.StopsAtError |= letters.Contains('e', StringComparison.Ordinal);
            state.RefusesUnset |= letters.Contains('u', StringComparison.Ordinal);
            state.Traces |= letters.Contains('x', StringComparison.Ordinal);
            if (!letters.Contains('o', StringComparison.Ordinal) || words.Count == 0)
                continue;
            state.PipesFail |= words[0] == "pipefail";
            words.RemoveAt(0);
        }
        var shell = new ShellInterpreter(state, command.Find);
        if (runs)
        {
            if (words.Count == 0)
                return await command.FailAsync("-c requires an argument", 2);
            state.Name = words.ElementAtOrDefault(1) ?? "sh";
            state.Parameters = [.. words.Skip(2)];
            return await shell.RunAsync(words[0], command.Input, command.Output, command.Error);
        }
        if (words.Count > 0 && !reads)
        {
            state.Name = words[0];
            state.Parameters = [.. words.Skip(1)];
            if (!command.IsFile(words[0]))
                return await (command with { Name = "sh" }).FailAsync($"can't open '{words[0]}': No such file or directory", 2);
            return await shell.RunAsync(await command.ReadAsync(words.Take(1)), command.Input, command.Output, command.Error);
        }
        state.Parameters = words;
        return await new ShellSession(state, command.Find, command).RunAsync();
    }

    private static async Task<int> WhichAsync(Command command)
    {
        foreach (var name in command.Arguments)
        {
            if (command.Find(name) is null)
                return 1;
            await command.SayAsync($"/bin/{name}\n");
        }
        return 0;
    }

    private static async Task<int> TimeoutAsync(Command command)
    {
        var options = Options.Read([.. command.Arguments.TakeWhile(word => word.StartsWith('-'))], "sk", []);
        var words = command.Arguments.SkipWhile(word => word.StartsWith('-')).ToList();
        if (options.Has("s") && options.Value("s") == "" && words.Count > 0)
            words.RemoveAt(0);
        if (words.Count < 2 || !double.TryParse(words[0].TrimEnd('s'), System.Globalization.CultureInfo.InvariantCulture, out var seconds))
            return await command.FailAsync("usage: timeout [-s SIG] SECS PROG ARGS");
        if (command.Find(words[1]) is not { } main)
            return await command.FailAsync($"can't execute '{words[1]}': No such file or directory", 127);
        if (!(seconds >= 0 && seconds < SecondsMax))
            return await command.FailAsync($"invalid number '{words[0]}'");
        using var killed = new LinkedKill(TimeSpan.FromSeconds(seconds), command.Process.Clock, command.Process.Killed);
        try
        {
            var process = command.Process with { Killed = killed.Token };
            return await command.RunAsync(main, command with { Name = words[1], Arguments = words[2..], Process = process }).WaitAsync(killed.Token);
        }
        catch (OperationCanceledException) when (killed.Token.IsCancellationRequested && !command.Process.Killed.IsCancellationRequested)
        {
            return 143;
        }
    }

    private static Task<int> BusyboxAsync(Command command)
    {
        if (command.Arguments.Count > 0 && Commands.TryGetValue(command.Arguments[0], out var main))
            return command.RunAsync(main, command with { Name = command.Arguments[0], Arguments = [.. command.Arguments.Skip(1)] });
        return command.Arguments.Count > 0 && command.Arguments[0] != "--list"
            ? command.FailAsync($"{command.Arguments[0]}: applet not found", 127)
            : ListAsync(command);
    }

    private static async Task<int> ListAsync(Command command)
    {
        await command.SayAsync((command.Arguments.Count == 0 ? "BusyBox, simulated. Currently defined functions:\n" : "") + string.Join('\n', Commands.Keys.Order(StringComparer.Ordinal)) + "\n");
        return 0;
    }

    private static async Task<int> HttpdAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "phc", []);
        var root = options.Value("h") ?? command.Directory;
        var port = int.Parse((options.Value("p") ?? "80").Split(':')[^1], System.Globalization.CultureInfo.InvariantCulture);
        await new HttpResponder(command.Process, request => ValueTask.FromResult(StaticFiles.Answer(command, root, request))).ServeAsync(port);
        return 0;
    }
}
