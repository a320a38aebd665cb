using ClusterSim.Nodes.Simulated.Commands;
using ClusterSim.Nodes.Simulated.Shell;
using Processes;

namespace ClusterSim.Nodes.Simulated;

/// <summary>
/// <c>busybox</c>: a shell and the everyday commands. As process 1 they ignore SIGTERM unless a shell sets a trap, as they do on Linux.
/// </summary>
internal static class BusyboxImage
{
    private static readonly Dictionary<string, CommandMain> Commands = SystemCommands.All.Concat(FileCommands.All)
        .Append(("wget", NetworkCommands.WgetAsync)).Append(("nc", NetworkCommands.NetcatAsync))
        .Append(("sh", ShellAsync)).Append(("ash", ShellAsync)).Append(("which", WhichAsync)).Append(("timeout", TimeoutAsync)).Append(("httpd", HttpdAsync))
        .ToDictionary(command => command.Item1, command => command.Item2, StringComparer.Ordinal);

    /// <summary>The image; <paramref name="others"/> are programs besides busybox's own.</summary>
    public static Image Create(string name, ImageConfiguration configuration, params ReadOnlySpan<(string Name, ProgramMain Main)> others)
    {
        var programs = new Dictionary<string, ProgramMain>(StringComparer.Ordinal);
        foreach (var (program, main) in Commands)
            programs[program] = process => RunAsync(program, main, process);
        programs["busybox"] = process => process.Arguments.Count > 0 && Commands.TryGetValue(process.Arguments[0], out var main)
            ? RunAsync(process.Arguments[0], main, process with { Arguments = [.. process.Arguments.Skip(1)] })
            : RunAsync("sh", ShellAsync, process);
        foreach (var (program, main) in others)
            programs[program] = main;
        return new SimulatedImage(name, configuration, programs);
    }

    /// <summary>The image <c>busybox</c>.</summary>
    public static Image Create() => Create("busybox", new ImageConfiguration { Command = ["sh"] });

    /// <summary>A command in a process of its own.</summary>
    public static async Task<int> RunAsync(string name, CommandMain main, ServiceProcess process)
    {
        var command = Command.Of(name, process);
        try
        {
            return await main(command);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException or ArgumentException)
        {
            return await command.FailAsync(failure.Message);
        }
    }

    /// <summary>The programs a shell of this image finds, by name or by path.</summary>
    public static CommandMain? Find(string name)
    {
        var slash = name.LastIndexOf('/');
        return slash >= 0 && name[..slash] is not ("/bin" or "/usr/bin" or "/sbin" or "/usr/sbin") ? null : Commands.GetValueOrDefault(name[(slash + 1)..]);
    }

    private static async Task<int> ShellAsync(Command command)
    {
        var process = command.Process with { Environment = command.Variables, WorkingDirectory = command.Directory };
        var state = new ShellState(process);
        var words = command.Arguments.ToList();
        var runs = false;
        while (words.Count > 0 && words[0].StartsWith('-'))
        {
            runs |= words[0].Contains('c', StringComparison.Ordinal);
            state.StopsAtError |= words[0].Contains('e', StringComparison.Ordinal);
            words.RemoveAt(0);
        }
        string program;
        if (runs)
        {
            program = words.ElementAtOrDefault(0) ?? "";
            state.Name = words.ElementAtOrDefault(1) ?? "sh";
            state.Parameters = [.. words.Skip(2)];
        }
        else if (words.Count > 0)
        {
            program = await command.ReadAsync(words.Take(1));
            state.Name = words[0];
            state.Parameters = [.. words.Skip(1)];
        }
        else
        {
            program = await command.ReadAsync([]);
        }
        return await new ShellInterpreter(state, Find).RunAsync(program, command.Input, command.Output, command.Error);
    }

    private static async Task<int> WhichAsync(Command command)
    {
        foreach (var name in command.Arguments)
        {
            if (!Commands.ContainsKey(name))
                return 1;
            await command.SayAsync($"/bin/{name}\n");
        }
        return 0;
    }

    private static async Task<int> TimeoutAsync(Command command)
    {
        var words = command.Arguments.SkipWhile(word => word.StartsWith('-')).ToList();
        if (words.Count < 2 || !double.TryParse(words[0].TrimEnd('s'), System.Globalization.CultureInfo.InvariantCulture, out var seconds) || Find(words[1]) is not { } main)
            return await command.FailAsync("usage: timeout SECS PROG ARGS", 127);
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds), command.Process.Clock);
        using var killed = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, command.Process.Killed);
        try
        {
            var process = command.Process with { Killed = killed.Token };
            return await main(command with { Name = words[1], Arguments = words[2..], Process = process }).WaitAsync(killed.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return 143;
        }
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
