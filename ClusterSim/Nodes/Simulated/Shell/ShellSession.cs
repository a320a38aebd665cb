using System.Text;
using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Simulated.Commands;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>
/// A shell that reads its program line by line from its standard input. On a terminal it prompts, remembers lines, and outlives Ctrl-C, which
/// ends what is under way.
/// </summary>
internal sealed class ShellSession(ShellState state, Func<string, CommandMain?> find, Command command)
{
    private const int Interrupt = 128 + 2;
    private const int LinesMax = 1000;

    private readonly ShellInterpreter _shell = new(state, find);
    private readonly Terminal? _terminal = (command.Input as TerminalInput)?.Terminal;
    private readonly List<string> _history = [];

    /// <summary>Reads and runs until the end of input or <c>exit</c>.</summary>
    public async Task<int> RunAsync()
    {
        var streams = new Streams(command.Input, command.Output, command.Error);
        var process = state.Process;
        var interrupted = _terminal?.Interrupted;
        var code = 0;
        try
        {
            while (true)
            {
                using var line = CancellationTokenSource.CreateLinkedTokenSource(process.Killed);
                if (_terminal is not null)
                    _terminal.Interrupted = () => _ = line.CancelAsync();
                state.Process = process with { Killed = line.Token };
                try
                {
                    if (await ReadAsync(line.Token) is not { } node)
                        break;
                    await _shell.RunLineAsync(node, state.Streams ?? streams);
                }
                catch (ShellForkException ex) when (_terminal is not null)
                {
                    await command.Error.SayAsync($"{state.Name}: {ex.Complaint}\n");
                    state.Last = ex.Code;
                }
                catch (OperationCanceledException ex) when (ex is not OomKilledException && _terminal is not null && !process.Killed.IsCancellationRequested)
                {
                    await command.Output.SayAsync("\n");
                    (command.Input as TerminalInput)?.Flush(typedAhead: false);
                    state.Last = Interrupt;
                }
            }
            code = state.Last;
        }
        catch (ShellExitException exit)
        {
            if (exit.Complaint is { } complaint)
                await command.Error.SayAsync($"{state.Name}: {complaint}\n");
            code = exit.Code;
        }
        finally
        {
            state.Process = process;
            if (_terminal is not null)
                (_terminal.Interrupted, _terminal.History) = (interrupted, null);
        }
        return await _shell.ExitAsync(code, streams);
    }

    /// <summary>The next command that is whole, which may take several lines; null at the end of input.</summary>
    private async Task<ShellNode?> ReadAsync(CancellationToken cancellation)
    {
        using var charge = new MemoryCharge(state.Memory);
        var program = new StringBuilder();
        while (true)
        {
            if (_terminal is not null)
            {
                await command.Error.SayAsync(program.Length == 0 ? Prompt() : "> ");
                _terminal.History = _history;
            }
            var line = await LineAsync(cancellation);
            if (_terminal is not null)
                _terminal.History = null;
            if (line is null && program.Length == 0)
                return null;
            if (line is { Length: > 0 } && _terminal is not null && _history.LastOrDefault() != line)
                Remember(line);
            if (line is not null)
                charge.Add(line.Length);
            if (line is not null)
                program.Append(line).Append('\n');
            try
            {
                using var parsed = new MemoryCharge(state.Memory);
                return await ShellParser.ParseAsync(program.ToString(), parsed);
            }
            catch (ShellSyntaxException wrong)
            {
                if (wrong.IsIncomplete && line is not null)
                    continue;
                await command.Error.SayAsync($"{state.Name}: {wrong.Message}\n");
                state.Last = 2;
                if (_terminal is null)
                    throw new ShellExitException(2);
                program.Clear();
            }
        }
    }

    private void Remember(string line)
    {
        if (_history.Count == LinesMax)
            _history.RemoveAt(0);
        _history.Add(line);
    }

    /// <summary>One byte after the other: what follows the line is for the command that it calls.</summary>
    private async Task<string?> LineAsync(CancellationToken cancellation)
    {
        using var charge = new MemoryCharge(state.Memory);
        var line = new List<byte>();
        var one = new byte[1];
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            if (await command.Input.ReadAsync(one, cancellation) == 0)
                return line.Count == 0 ? null : Encoding.UTF8.GetString([.. line]);
            if (one[0] == '\n')
                return Encoding.UTF8.GetString([.. line]);
            line.Add(one[0]);
            charge.Add(1);
        }
    }

    private string Prompt() => (state.Variables.GetValueOrDefault("PS1") ?? "\\w \\$ ")
        .Replace("\\w", state.Directory, StringComparison.Ordinal)
        .Replace("\\h", state.Variables.GetValueOrDefault("HOSTNAME", ""), StringComparison.Ordinal)
        .Replace("\\u", SystemCommands.UserOf(command).Uid == 0 ? "root" : "", StringComparison.Ordinal)
        .Replace("\\$", SystemCommands.UserOf(command).Uid == 0 ? "#" : "$", StringComparison.Ordinal);
}
