using System.IO.Pipelines;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Simulated.Commands;
using ClusterSim.Nodes.Volumes;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>Runs a shell program in a simulated process, with the programs of its image.</summary>
internal sealed class ShellInterpreter(ShellState state, Func<string, CommandMain?> find)
{
    private const int CallsMax = 500;

    /// <summary>Runs a program to its end.</summary>
    public async Task<int> RunAsync(string program, Stream input, Stream output, Stream error)
    {
        var streams = new Streams(input, output, error);
        return await ExitAsync(await GuardedAsync(() => TrappedAsync(new ShellParser(program).Parse(), streams), streams), streams);
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
        catch (FormatException wrong)
        {
            return await ComplainAsync(streams, wrong.Message, 2);
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
        return state.Last = node switch
        {
            ListNode list => await ListAsync(list, streams),
            AndOrNode both => await RunAsync(both.Left, streams) is var left && (left == 0) == both.IsAnd ? await RunAsync(both.Right, streams) : left,
            PipelineNode pipeline => await PipelineAsync(pipeline, streams),
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

    private int Define(FunctionNode function)
    {
        state.Functions[function.Name] = function.Body;
        return 0;
    }

    /// <summary>Runs a node as a process of its own: errors end it, not the shell.</summary>
    internal async Task<int> SubshellAsync(ShellNode node, Streams streams) => await GuardedAsync(() => RunAsync(node, streams), streams);

    private async Task<int> PipelineAsync(PipelineNode pipeline, Streams streams)
    {
        var running = new List<Task<int>>();
        var input = streams.Input;
        Pipe? from = null;
        for (var i = 0; i < pipeline.Commands.Count; i++)
        {
            var isLast = i == pipeline.Commands.Count - 1;
            var pipe = isLast ? null : new Pipe();
            running.Add(PartAsync(pipeline.Commands[i], new Streams(input, pipe is null ? streams.Output : new PipeOutput(pipe.Writer), streams.Error), from, pipe, isLast));
            input = pipe is null ? Stream.Null : new PipeInput(pipe.Reader);
            from = pipe;
        }
        var codes = await Task.WhenAll(running);
        var code = state.PipesFail ? codes.LastOrDefault(one => one != 0) : codes[^1];
        return pipeline.IsNegated ? code == 0 ? 1 : 0 : code;

        async Task<int> PartAsync(ShellNode node, Streams own, Pipe? readFrom, Pipe? to, bool isOwnShell)
        {
            try
            {
                return isOwnShell && pipeline.Commands.Count == 1 ? await RunAsync(node, own) : await new ShellInterpreter(state.Fork(), find).SubshellAsync(node, own);
            }
            finally
            {
                if (to is not null)
                    await to.Writer.CompleteAsync();
                // Whoever still writes to it is not to wait for a reader that has ended.
                if (readFrom is not null)
                    await readFrom.Reader.CompleteAsync();
            }
        }
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
        foreach (var word in loop.Words is null ? state.Parameters : await Expansion(streams).WordsAsync(loop.Words))
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
        var expansion = Expansion(streams);
        var word = await expansion.WordAsync(choice.Word);
        foreach (var (patterns, body) in choice.Branches)
            foreach (var pattern in patterns)
                if (PosixPattern.Matches(await expansion.PatternAsync(pattern), word))
                    return await RunAsync(body, streams);
        return 0;
    }

    /// <summary>Calls a function: its arguments are <c>$1</c> and on until it returns, and what it makes local is as before after it.</summary>
    private async Task<int> CallAsync(ShellNode body, Command command, Streams streams)
    {
        if (state.Locals.Count >= CallsMax)
            throw new ShellExitException(2, $"{command.Name}: functions call each other more than {CallsMax} deep");
        var before = state.Parameters;
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
        if (await redirected.ApplyAsync(group.Redirections, Expansion(streams)) is { } complaint)
            return await ComplainAsync(streams, complaint, 1);
        return group.IsSubshell ? await new ShellInterpreter(state.Fork(), find).SubshellAsync(group.Body, redirected.Streams) : await RunAsync(group.Body, redirected.Streams);
    }

    private async Task<int> SimpleAsync(SimpleNode simple, Streams streams)
    {
        state.LastSubstitution = 0;
        var expansion = Expansion(streams);
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
        var variables = new Dictionary<string, string>(state.Variables, StringComparer.Ordinal);
        foreach (var (name, value) in simple.Assignments)
            variables[name] = await expansion.WordAsync(value);
        var (input, output, error) = redirected.Streams;
        var command = new Command(words[0], words[1..], state.Process, input, output, error, variables, state.Directory) { Find = find };
        if (state.Functions.TryGetValue(words[0], out var function))
            return await CallAsync(function, command, redirected.Streams);
        try
        {
            if (await new ShellBuiltins(state, this, redirected).RunAsync(command) is { } code)
                return code;
            if (find(words[0]) is { } program)
                return await program(command);
            return await FileAsync(command, redirected.Streams);
        }
        catch (BrokenPipeException)
        {
            return BrokenPipeException.ExitCode;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or FormatException or ArgumentException)
        {
            return await command.FailAsync(Command.Words(failure));
        }
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
        return await find("sh")!(command with { Arguments = [command.Name, .. command.Arguments] });
    }

    /// <summary>Makes redirections the shell's own.</summary>
    internal void Keep(ShellRedirections redirected)
    {
        redirected.IsKept = true;
        state.Streams = redirected.Streams;
    }

    /// <summary>Another program text in the same shell: eval, traps, sourced files.</summary>
    internal Task<int> EvaluateAsync(string program, Command command) =>
        RunAsync(new ShellParser(program).Parse(), new Streams(command.Input, command.Output, command.Error));

    private ShellExpansion Expansion(Streams streams) => new(state, async program =>
    {
        await using var output = new CollectedOutput();
        var inner = new ShellInterpreter(state.Fork(), find);
        state.LastSubstitution = await inner.RunAsync(program, streams.Input, output, streams.Error);
        return output.Text.TrimEnd('\n').Replace("\0", "", StringComparison.Ordinal);
    });

    private async Task<int> ComplainAsync(Streams streams, string complaint, int code)
    {
        await streams.Error.SayAsync($"{state.Name}: {complaint}\n");
        return code;
    }
}
