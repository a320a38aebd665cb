using System.Globalization;
using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Simulated.Commands;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>What a shell does itself: cd, exit, export, set, trap, wait, eval and the like.</summary>
internal sealed class ShellBuiltins(ShellState state, ShellInterpreter shell, ShellRedirections redirected)
{
    private const int NotFound = 127;

    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        ":", "exit", "return", "break", "continue", "cd", "export", "readonly", "local", "unset", "set", "shift", "trap", "wait", "jobs", "pwd", "umask", "type", "command", "eval", ".", "read", "exec",
    };

    /// <summary>Runs a builtin; null where the name is none.</summary>
    public async Task<int?> RunAsync(Command command)
    {
        var arguments = command.Arguments;
        switch (command.Name)
        {
            case ":":
                return 0;
            case "exit" or "return":
                var code = state.Last;
                if (arguments.Count > 0 && !int.TryParse(arguments[0], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out code))
                    throw new ShellExitException(2, $"{command.Name}: Illegal number: {arguments[0]}");
                throw command.Name == "exit" ? new ShellExitException(code & 0xff) : new ShellReturnException(code & 0xff);
            case "break" or "continue":
                throw new ShellLoopException(command.Name == "break", arguments.Count > 0 && int.TryParse(arguments[0], NumberStyles.None, CultureInfo.InvariantCulture, out var levels) ? Math.Max(1, levels) : 1);
            case "cd":
                return await ChangeDirectoryAsync(command);
            case "export" or "readonly" or "local" or "declare" or "typeset":
                return await DeclareAsync(command);
            case "unset":
                foreach (var one in arguments)
                {
                    state.Variables.Remove(one);
                    state.RemoveFunction(one);
                }
                return 0;
            case "set":
                return await SetAsync(command);
            case "shift":
                state.Parameters = [.. state.Parameters.Skip(arguments.Count > 0 ? int.Parse(arguments[0], CultureInfo.InvariantCulture) : 1)];
                return 0;
            case "trap":
                return await TrapAsync(arguments);
            case "wait":
                return await WaitAsync(arguments);
            case "jobs":
                foreach (var (id, running) in state.Background)
                    if (!running.IsCompleted)
                        await command.SayAsync(string.Create(CultureInfo.InvariantCulture, $"{id}  Running\n"));
                return 0;
            case "pwd":
                await command.SayAsync(state.Directory + "\n");
                return 0;
            case "umask":
                await command.SayAsync(arguments.Count == 0 ? "0022\n" : "");
                return 0;
            case "type" or "command" when command.Name == "type" || arguments is ["-v" or "-V", ..]:
                return await TypeAsync(command);
            case "command" or "builtin" when arguments.Count > 0:
                return await shell.EvaluateAsync(string.Join(' ', arguments.Select(Quoted)), command);
            case "getopts":
                return await command.FailAsync("getopts is not known to the simulated shell: take the words with case and shift", 2);
            case "eval":
                return await shell.EvaluateAsync(string.Join(' ', arguments), command);
            case "." or "source":
                try
                {
                    using (var charge = new MemoryCharge(state.Memory))
                        return await shell.EvaluateAsync(await command.ReadAsync(arguments.Take(1), charge), command);
                }
                catch (ShellReturnException back)
                {
                    return back.Code;
                }
            case "read":
                return await ReadAsync(command);
            case "exec" when arguments.Count > 0:
                throw new ShellExitException(await shell.EvaluateAsync(string.Join(' ', arguments.Select(Quoted)), command));
            case "exec":
                // Redirections alone: they are the shell's own from here on.
                shell.Keep(redirected);
                return 0;
            default:
                return null;
        }
    }

    private async Task<int> ChangeDirectoryAsync(Command command)
    {
        var to = command.Arguments switch { [] => command.Variables.GetValueOrDefault("HOME", "/"), ["-"] => command.Variables.GetValueOrDefault("OLDPWD", "/"), [var one, ..] => one };
        if (!command.IsDirectory(to))
            return await command.FailAsync($"can't cd to {to}: {(command.IsFile(to) ? "Not a directory" : "No such file or directory")}", 2);
        state.Variables["OLDPWD"] = state.Directory;
        state.Directory = command.Normal(to);
        state.Variables["PWD"] = state.Directory;
        return 0;
    }

    private async Task<int> WaitAsync(IReadOnlyList<string> ids)
    {
        var waited = ids.Count == 0 ? state.Background.ToList() : state.Background.FindAll(one => ids.Contains(one.Id.ToString(CultureInfo.InvariantCulture)));
        if (ids.Count > 0 && waited.Count == 0)
            return NotFound;
        await Task.WhenAll(waited.Select(one => one.Running)).WaitAsync(state.Process.Killed);
        state.Background.RemoveAll(waited.Contains);
        return ids.Count == 0 ? 0 : await waited[^1].Running;
    }

    private async Task<int> DeclareAsync(Command command)
    {
        if (command.Name == "export" && command.Arguments is [] or ["-p"])
            await command.SayAsync(string.Concat(state.Variables.Select(variable => $"export {variable.Key}={Quoted(variable.Value)}\n")));
        foreach (var one in command.Arguments)
        {
            if (one.StartsWith('-'))
                continue;
            var parts = one.Split('=', 2);
            if (command.Name is "local" or "declare" or "typeset" && state.Locals.TryPeek(out var hidden))
                hidden.TryAdd(parts[0], state.Variables.TryGetValue(parts[0], out var before) ? before : null);
            else if (command.Name == "local")
                return await command.FailAsync("not in a function", 2);
            if (parts.Length > 1)
                state.Variables[parts[0]] = parts[1];
        }
        return 0;
    }

    private async Task<int> SetAsync(Command command)
    {
        var words = command.Arguments;
        if (words.Count == 0)
            await command.SayAsync(string.Concat(state.Variables.OrderBy(variable => variable.Key, StringComparer.Ordinal).Select(variable => $"{variable.Key}={Quoted(variable.Value)}\n")));
        for (var i = 0; i < words.Count; i++)
        {
            if (words[i] == "--" || !(words[i].StartsWith('-') || words[i].StartsWith('+')))
            {
                state.Parameters = [.. words.Skip(words[i] == "--" ? i + 1 : i)];
                break;
            }
            var isOn = words[i][0] == '-';
            foreach (var letter in words[i].AsSpan(1))
                switch (letter)
                {
                    case 'e':
                        state.StopsAtError = isOn;
                        break;
                    case 'u':
                        state.RefusesUnset = isOn;
                        break;
                    case 'x':
                        state.Traces = isOn;
                        break;
                    case 'o' when i + 1 < words.Count:
                        switch (words[++i])
                        {
                            case "pipefail":
                                state.PipesFail = isOn;
                                break;
                            case "errexit":
                                state.StopsAtError = isOn;
                                break;
                            case "nounset":
                                state.RefusesUnset = isOn;
                                break;
                            case "xtrace":
                                state.Traces = isOn;
                                break;
                            case var other:
                                return await command.FailAsync($"illegal option -o {other}", 2);
                        }
                        break;
                }
        }
        return 0;
    }

    /// <summary><c>trap 'commands' TERM EXIT INT</c>; <c>trap - TERM</c> forgets one, <c>trap '' TERM</c> ignores the signal.</summary>
    private async Task<int> TrapAsync(IReadOnlyList<string> arguments)
    {
        if (arguments.Count < 2)
            return 0;
        using var charge = new MemoryCharge(state.Memory);
        var action = arguments[0] == "-" ? null : await ShellParser.ParseAsync(arguments[0], charge);
        foreach (var signal in arguments.Skip(1))
            switch (signal)
            {
                case "TERM" or "SIGTERM" or "15":
                    state.OnTerminate = action;
                    break;
                case "EXIT" or "0":
                    state.OnExit = action;
                    break;
                default:
                    break; // signals that nobody sends here
            }
        return 0;
    }

    private async Task<int> TypeAsync(Command command)
    {
        var isShort = command.Arguments[0] == "-v";
        var code = 0;
        foreach (var name in command.Arguments.Where(word => !word.StartsWith('-')))
            if (state.FindFunction(name) is not null)
                await command.SayAsync(isShort ? $"{name}\n" : $"{name} is a shell function\n");
            else if (Names.Contains(name))
                await command.SayAsync(isShort ? $"{name}\n" : $"{name} is a shell builtin\n");
            else if (command.Find(name) is not null)
                await command.SayAsync(isShort ? $"/bin/{name}\n" : $"{name} is /bin/{name}\n");
            else
            {
                code = NotFound;
                if (!isShort)
                    await command.Error.SayAsync($"sh: {name}: not found\n");
            }
        return code;
    }

    private async Task<int> ReadAsync(Command command)
    {
        using var charge = new MemoryCharge(state.Memory);
        var line = new List<byte>();
        var one = new byte[1];
        var any = false;
        var options = Options.Read(command.Arguments, "pt", []);
        if (options.Value("p") is { } prompt)
            await command.Error.SayAsync(prompt);
        while (await command.Input.ReadAsync(one, state.Process.Killed) > 0)
        {
            any = true;
            if (one[0] == '\n')
                break;
            line.Add(one[0]);
            charge.Add(1);
            state.Process.Killed.ThrowIfCancellationRequested();
        }
        var words = System.Text.Encoding.UTF8.GetString([.. line]);
        if (!options.Has("r"))
            words = words.Replace("\\", "", StringComparison.Ordinal);
        var names = options.Rest.Count == 0 ? ["REPLY"] : options.Rest;
        var separators = command.Variables.GetValueOrDefault("IFS", " \t\n").ToCharArray();
        var blanks = separators.Where(char.IsWhiteSpace).ToArray();
        for (var i = 0; i < names.Count; i++)
        {
            if (blanks.Length > 0)
                words = words.Trim(blanks);
            var end = i == names.Count - 1 || separators.Length == 0 ? -1 : words.IndexOfAny(separators);
            state.Variables[names[i]] = end < 0 ? words : words[..end];
            words = end < 0 ? "" : words[(end + 1)..];
        }
        return any ? 0 : 1;
    }

    private static string Quoted(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
