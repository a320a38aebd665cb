using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Simulated.Commands;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>Runs a shell program in a simulated process, with the programs of its image.</summary>
internal sealed class ShellInterpreter(ShellState state, Func<string, CommandMain?> find)
{
    // The process was forked for one command: a program takes its place, as in any shell.
    private bool _isForOneProgram;

    /// <summary>Runs a program to its end.</summary>
    public async Task<int> RunAsync(string program, Stream input, Stream output, Stream error)
    {
        var streams = new Streams(input, output, error);
        using var charge = new MemoryCharge(state.Memory);
        var code = await GuardedAsync(async () => await TrappedAsync(await ShellParser.ParseAsync(program, charge), streams), streams);
        return await ExitAsync(code, streams);
    }

    /// <summary>Runs a program read line by line: each line is carried out before the next is asked for.</summary>
    public async Task<int> RunLineAsync(ShellNode line, Streams streams)
    {
        try
        {
            return await RunAsync(line, streams);
        }
        catch (ShellSyntaxException wrong)
        {
            return state.Last = await ComplainAsync(streams, wrong.Message, 2);
        }
        catch (Exception nowhere) when (nowhere is ShellReturnException or ShellLoopException)
        {
            // Outside of a function or a loop they do nothing.
            return state.Last;
        }
    }

    /// <summary>What <c>trap … EXIT</c> wants; then the exit code.</summary>
    public async Task<int> ExitAsync(int code, Streams streams)
    {
        if (state.OnExit is not { } trap)
            return code;
        (state.OnExit, state.Last) = (null, code);
        return await GuardedAsync(async () =>
        {
            await RunAsync(trap, streams);
            return code;
        }, streams);
    }

    /// <summary>The exit code of what may end the shell.</summary>
    private async Task<int> GuardedAsync(Func<Task<int>> run, Streams streams)
    {
        try
        {
            return await run();
        }
        catch (ShellExitException exit)
        {
            if (exit.Complaint is { } complaint)
                await ComplainAsync(streams, complaint, exit.Code);
            return exit.Code;
        }
        catch (ShellReturnException back)
        {
            return back.Code;
        }
        catch (ShellLoopException)
        {
            return state.Last;
        }
        catch (ShellSyntaxException wrong)
        {
            return await ComplainAsync(streams, wrong.Message, 2);
        }
        catch (Exception wrong) when (wrong is FormatException or ArgumentException or OverflowException or IOException and not BrokenPipeException)
        {
            return await ComplainAsync(streams, wrong.Message, 2);
        }
        catch (RegexMatchTimeoutException)
        {
            return await ComplainAsync(streams, "the pattern takes too long", 2);
        }
    }

    /// <summary>Runs it; where it set a trap for SIGTERM, the trap ends it.</summary>
    private async Task<int> TrappedAsync(ShellNode node, Streams streams)
    {
        var terminated = new TaskCompletionSource();
        using var registration = state.Process.Stop.UnsafeRegister(static source => ((TaskCompletionSource)source!).TrySetResult(), terminated);
        var running = RunAsync(node, streams);
        await Task.WhenAny(running, terminated.Task);
        if (!running.IsCompleted && state.OnTerminate is { } trap)
        {
            // A shell runs its trap when the command under way has ended; ours may end it right away, which is only sooner. A trap that does not
            // exit lets the program go on.
            await RunAsync(trap, streams);
            return await running;
        }
        return await running;
    }

    private async Task<int> RunAsync(ShellNode node, Streams streams)
    {
        state.Process.Killed.ThrowIfCancellationRequested();
        // Commands in commands run on one stack, of which some is always left for what a command does.
        if (state.Enter() || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            await Task.Yield();
        try
        {
            return state.Last = await DispatchAsync(node, streams);
        }
        finally
        {
            state.Leave();
        }
    }

    private async Task<int> DispatchAsync(ShellNode node, Streams streams)
    {
        return node switch
        {
            ListNode list => await ListAsync(list, streams),
            AndOrNode chain => await AndOrAsync(chain, streams),
            PipelineNode { Commands: [var only] } => await RunAsync(only, streams) == 0 ? 1 : 0,
            PipelineNode pipeline => await Subshells.PipeAsync(pipeline, state, find, streams),
            IfNode choice => await IfAsync(choice, streams),
            WhileNode loop => await WhileAsync(loop, streams),
            ForNode loop => await ForAsync(loop, streams),
            GroupNode group => await GroupAsync(group, streams),
            CaseNode choice => await CaseAsync(choice, streams),
            FunctionNode function => Define(function),
            SimpleNode simple => await SimpleAsync(simple, streams),
            _ => throw new ShellSyntaxException($"{node.GetType().Name} cannot be run"),
        };
    }

    private async Task<int> ListAsync(ListNode list, Streams streams)
    {
        var code = 0;
        var before = state.Streams;
        foreach (var (node, inBackground) in list.Items)
        {
            // What exec redirected holds for the commands after it.
            if (state.Streams is { } own && state.Streams != before)
                streams = own;
            if (inBackground)
            {
                BackgroundJob.Start(state, find, node, streams);
                continue;
            }
            code = await RunAsync(node, streams);
            if (code != 0 && state.StopsAtError && node is SimpleNode or PipelineNode { IsNegated: false } or GroupNode)
                throw new ShellExitException(code);
        }
        return code;
    }

    private async Task<int> AndOrAsync(AndOrNode chain, Streams streams)
    {
        var code = 0;
        foreach (var (node, followsAnd) in chain.Items)
            if ((code == 0) == followsAnd)
                code = await RunAsync(node, streams);
        return code;
    }

    private int Define(FunctionNode function)
    {
        state.Define(function.Name, function.Function);
        return 0;
    }

    /// <summary>Runs a node as a process of its own: errors end it, not the shell.</summary>
    internal Task<int> SubshellAsync(ShellNode node, Streams streams)
    {
        _isForOneProgram = node is SimpleNode;
        return GuardedAsync(() => RunAsync(node, streams), streams);
    }

    private async Task<int> IfAsync(IfNode choice, Streams streams)
    {
        foreach (var (condition, then) in choice.Branches)
            if (await ConditionAsync(condition, streams) == 0)
                return await RunAsync(then, streams);
        return choice.Else is { } otherwise ? await RunAsync(otherwise, streams) : 0;
    }

    private async Task<int> WhileAsync(WhileNode loop, Streams streams)
    {
        var code = 0;
        while (await ConditionAsync(loop.Condition, streams) == 0 != loop.IsUntil)
        {
            try
            {
                code = await RunAsync(loop.Body, streams);
            }
            catch (ShellLoopException jump)
            {
                if (jump.Levels > 1)
                    throw new ShellLoopException(jump.IsBreak, jump.Levels - 1);
                if (jump.IsBreak)
                    break;
            }
            await Task.Yield(); // an endless loop of builtins must not hold its thread for ever
        }
        return code;
    }

    private async Task<int> ForAsync(ForNode loop, Streams streams)
    {
        var code = 0;
        using var expansion = Expansion(streams);
        foreach (var word in loop.Words is null ? state.Parameters : await expansion.WordsAsync(loop.Words))
        {
            state.Variables[loop.Name] = word;
            try
            {
                code = await RunAsync(loop.Body, streams);
            }
            catch (ShellLoopException jump)
            {
                if (jump.Levels > 1)
                    throw new ShellLoopException(jump.IsBreak, jump.Levels - 1);
                if (jump.IsBreak)
                    break;
            }
        }
        return code;
    }

    private async Task<int> CaseAsync(CaseNode choice, Streams streams)
    {
        using var expansion = Expansion(streams);
        var word = await expansion.WordAsync(choice.Word);
        foreach (var (patterns, body) in choice.Branches)
            foreach (var pattern in patterns)
                if (GlobPattern.Matches(await expansion.PatternAsync(pattern), word))
                    return await RunAsync(body, streams);
        return 0;
    }

    /// <summary>Calls a function: its arguments are <c>$1</c> and on until it returns, and what it makes local is as before after it.</summary>
    private async Task<int> CallAsync(ShellNode body, Command command, Streams streams)
    {
        if (state.Calls >= ShellLimits.CallsMax)
            throw new ShellExitException(2, $"Maximum function recursion depth ({ShellLimits.CallsMax}) reached"); // dash's words
        var before = state.Parameters;
        state.Calls++;
        state.Parameters = command.Arguments;
        state.Locals.Push(new Dictionary<string, string?>(StringComparer.Ordinal));
        try
        {
            return await RunAsync(body, streams);
        }
        catch (ShellReturnException back)
        {
            return back.Code;
        }
        finally
        {
            foreach (var (name, value) in state.Locals.Pop())
                if (value is null)
                    state.Variables.Remove(name);
                else
                    state.Variables[name] = value;
            state.Parameters = before;
            state.Calls--;
        }
    }

    private async Task<int> ConditionAsync(ShellNode condition, Streams streams)
    {
        var before = state.StopsAtError;
        state.StopsAtError = false;
        try
        {
            return await RunAsync(condition, streams);
        }
        finally
        {
            state.StopsAtError = before;
        }
    }

    private async Task<int> GroupAsync(GroupNode group, Streams streams)
    {
        await using var redirected = new ShellRedirections(state, streams);
        using var expansion = Expansion(streams);
        if (await redirected.ApplyAsync(group.Redirections, expansion) is { } complaint)
            return await ComplainAsync(streams, complaint, 1);
        return group.IsSubshell ? await Subshells.RunAsync(group.Body, state, find, redirected.Streams) : await RunAsync(group.Body, redirected.Streams);
    }

    private async Task<int> SimpleAsync(SimpleNode simple, Streams streams)
    {
        state.LastSubstitution = 0;
        using var expansion = Expansion(streams);
        var words = await expansion.WordsAsync(simple.Words);
        await using var redirected = new ShellRedirections(state, streams);
        if (await redirected.ApplyAsync(simple.Redirections, expansion) is { } complaint)
            return await ComplainAsync(streams, complaint, 1);
        if (state.Traces && words.Count > 0)
            await streams.Error.SayAsync($"+ {string.Join(' ', words)}\n");
        if (words.Count == 0)
        {
            foreach (var (name, value) in simple.Assignments)
                state.Variables[name] = await expansion.WordAsync(value);
            return state.LastSubstitution;
        }
        var (input, output, error) = redirected.Streams;
        var command = new Command(
            words[0], words.GetRange(1, words.Count - 1), state.Process, input, output, error, await VariablesAsync(words[0], simple.Assignments, expansion), state.Directory)
        {
            Find = find,
            Memory = state.Memory,
        };
        if (state.FindFunction(words[0]) is { } function)
            return await CallAsync(function, command, redirected.Streams);
        return await StartAsync(command, redirected);
    }

    /// <summary>Runs what is no function: a builtin, a program of the image, a script, or nothing.</summary>
    private async Task<int> StartAsync(Command command, ShellRedirections redirected)
    {
        try
        {
            if (await new ShellBuiltins(state, this, redirected).RunAsync(command) is { } code)
                return code;
        }
        catch (BrokenPipeException)
        {
            return BrokenPipeException.ExitCode;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException or ArgumentException or OverflowException)
        {
            return await command.FailAsync(Command.Words(failure));
        }
        return find(command.Name) is { } program ? await ChildProcess.RunAsync(program, command, state.Name, _isForOneProgram && state.Calls == 0) : await FileAsync(command, redirected.Streams);
    }

    /// <summary>The variables of a command: the shell's own where nothing runs beside it.</summary>
    private async ValueTask<IReadOnlyDictionary<string, string>> VariablesAsync(string name, IReadOnlyList<(string Name, string Word)> assignments, ShellExpansion expansion)
    {
        if (assignments.Count == 0 && (ChildProcess.IsBuiltin(name) || find(name) is null))
            return state.Variables;
        var variables = state.Variables.ToDictionary();
        foreach (var (variable, value) in assignments)
            variables[variable] = await expansion.WordAsync(value);
        return variables;
    }

    /// <summary>A name that is no program of the image: a script by its path, or nothing.</summary>
    private async Task<int> FileAsync(Command command, Streams streams)
    {
        if (!command.Name.Contains('/', StringComparison.Ordinal))
            return await ComplainAsync(streams, $"{command.Name}: not found", 127);
        if (command.Stat(command.Name) is not { } file)
            return await ComplainAsync(streams, $"{command.Name}: not found", 127);
        if (file.IsDirectory || (file.Mode & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) == UnixFileMode.None)
            return await ComplainAsync(streams, $"{command.Name}: Permission denied", 126);
        return await ChildProcess.RunAsync(find("sh")!, command with { Arguments = [command.Name, .. command.Arguments], Variables = state.Variables.ToDictionary() }, state.Name);
    }

    /// <summary>Makes redirections the shell's own.</summary>
    internal void Keep(ShellRedirections redirected)
    {
        redirected.IsKept = true;
        state.Streams = redirected.Streams;
    }

    /// <summary>Another program text in the same shell: eval, traps, sourced files.</summary>
    internal async Task<int> EvaluateAsync(string program, Command command)
    {
        // As a real shell, which overflows its stack, only that it says so.
        if (state.Calls >= ShellLimits.CallsMax)
            throw new ShellExitException(128 + Signals.SegmentationFault, $"Segmentation fault: {command.Name} is nested more than {ShellLimits.CallsMax} deep");
        using var charge = new MemoryCharge(state.Memory);
        state.Calls++;
        try
        {
            return await RunAsync(await ShellParser.ParseAsync(program, charge), new Streams(command.Input, command.Output, command.Error));
        }
        finally
        {
            state.Calls--;
        }
    }

    private ShellExpansion Expansion(Streams streams) => new(state, (program, charge) => Subshells.SubstituteAsync(program, charge, state, find, streams));

    private async Task<int> ComplainAsync(Streams streams, string complaint, int code)
    {
        await streams.Error.SayAsync($"{state.Name}: {complaint}\n");
        return code;
    }
}
