using System.Globalization;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>What a shell does itself: cd, exit, export, set, trap, wait, eval and the like.</summary>
internal sealed class ShellBuiltins(ShellState state, ShellInterpreter shell)
{
    /// <summary>Runs a builtin; null where the name is none.</summary>
    public async Task<int?> RunAsync(Command command)
    {
        var arguments = command.Arguments;
        switch (command.Name)
        {
            case ":":
                return 0;
            case "exit" or "return":
                throw new ShellExitException(arguments.Count > 0 && int.TryParse(arguments[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var code) ? code & 0xff : state.Last);
            case "break" or "continue":
                throw new ShellLoopException(command.Name == "break");
            case "cd":
                return await ChangeDirectoryAsync(command);
            case "export" or "readonly" or "local":
                foreach (var one in arguments)
                    if (one.Split('=', 2) is [var name, var value])
                        state.Variables[name] = value;
                return 0;
            case "unset":
                foreach (var one in arguments)
                    state.Variables.Remove(one);
                return 0;
            case "set":
                foreach (var one in arguments)
                    if (one.StartsWith('-') && one.Contains('e', StringComparison.Ordinal))
                        state.StopsAtError = true;
                    else if (one.StartsWith('+') && one.Contains('e', StringComparison.Ordinal))
                        state.StopsAtError = false;
                return 0;
            case "shift":
                state.Parameters = [.. state.Parameters.Skip(1)];
                return 0;
            case "trap":
                if (arguments.Count > 1 && arguments.Skip(1).Any(signal => signal is "TERM" or "SIGTERM" or "15"))
                    state.OnTerminate = new ShellParser(arguments[0]).Parse();
                return 0;
            case "wait":
                return await WaitAsync();
            case "eval":
                return await shell.EvaluateAsync(string.Join(' ', arguments), command);
            case "." or "source":
                return await shell.EvaluateAsync(await command.ReadAsync(arguments.Take(1)), command);
            case "read":
                return await ReadAsync(command);
            case "exec" when arguments.Count > 0:
                throw new ShellExitException(await shell.EvaluateAsync(string.Join(' ', arguments.Select(Quoted)), command));
            case "exec":
                return 0;
            default:
                return null;
        }
    }

    private async Task<int> ChangeDirectoryAsync(Command command)
    {
        var to = command.Absolute(command.Arguments.Count > 0 ? command.Arguments[0] : command.Variables.GetValueOrDefault("HOME", "/"));
        if (!Directory.Exists(command.Resolve(to)))
            return await command.FailAsync($"can't cd to {to}: No such file or directory", 2);
        state.Directory = Path.GetFullPath(to);
        return 0;
    }

    private async Task<int> WaitAsync()
    {
        var codes = await Task.WhenAll(state.Background);
        state.Background.Clear();
        return codes.LastOrDefault();
    }

    private async Task<int> ReadAsync(Command command)
    {
        var line = new List<byte>();
        var one = new byte[1];
        var any = false;
        while (await command.Input.ReadAsync(one) > 0)
        {
            any = true;
            if (one[0] == '\n')
                break;
            line.Add(one[0]);
        }
        var words = System.Text.Encoding.UTF8.GetString([.. line]);
        var names = command.Arguments.Where(name => !name.StartsWith('-')).ToList();
        for (var i = 0; i < names.Count; i++)
        {
            var parts = words.Split(' ', 2, StringSplitOptions.RemoveEmptyEntries);
            state.Variables[names[i]] = i == names.Count - 1 ? words : parts.ElementAtOrDefault(0) ?? "";
            words = parts.ElementAtOrDefault(1) ?? "";
        }
        return any ? 0 : 1;
    }

    private static string Quoted(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
