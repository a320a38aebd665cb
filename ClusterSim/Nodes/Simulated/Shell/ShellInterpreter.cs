using System.IO.Pipelines;
using ClusterSim.Nodes.Containers;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>Runs a shell program in a simulated process, with the programs of its image.</summary>
internal sealed class ShellInterpreter(ShellState state, Func<string, CommandMain?> find)
{
    /// <summary>Runs a program to its end.</summary>
    public async Task<int> RunAsync(string program, Stream input, Stream output, Stream error)
    {
        try
        {
            var node = new ShellParser(program).Parse();
            return await TrappedAsync(node, new Streams(input, output, error));
        }
        catch (ShellExitException exit)
        {
            return exit.Code;
        }
        catch (ShellSyntaxException wrong)
        {
            await error.SayAsync($"{state.Name}: {wrong.Message}\n");
            return 2;
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
            // A shell runs its trap when the command under way has ended; ours may end it right away, which is only sooner.
            var code = await RunAsync(trap, streams);
            return trap is ListNode { Items: [] } ? await running : code;
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
            SimpleNode simple => await SimpleAsync(simple, streams),
            _ => throw new ShellSyntaxException($"{node.GetType().Name} cannot be run"),
        };
    }

    private async Task<int> ListAsync(ListNode list, Streams streams)
    {
        var code = 0;
        foreach (var (node, inBackground) in list.Items)
        {
            if (inBackground)
            {
                state.Background.Add(new ShellInterpreter(state.Fork(), find).SubshellAsync(node, streams));
                continue;
            }
            code = await RunAsync(node, streams);
            if (code != 0 && state.StopsAtError && node is SimpleNode or PipelineNode { IsNegated: false } or GroupNode)
                throw new ShellExitException(code);
        }
        return code;
    }

    private async Task<int> SubshellAsync(ShellNode node, Streams streams)
    {
        try
        {
            return await RunAsync(node, streams);
        }
        catch (ShellExitException exit)
        {
            return exit.Code;
        }
    }

    private async Task<int> PipelineAsync(PipelineNode pipeline, Streams streams)
    {
        var running = new List<Task<int>>();
        var input = streams.Input;
        for (var i = 0; i < pipeline.Commands.Count; i++)
        {
            var isLast = i == pipeline.Commands.Count - 1;
            var pipe = isLast ? null : new Pipe(new PipeOptions(pauseWriterThreshold: 0));
            running.Add(PartAsync(pipeline.Commands[i], new Streams(input, pipe is null ? streams.Output : new PipeOutput(pipe.Writer), streams.Error), pipe, isLast));
            input = pipe is null ? Stream.Null : new PipeInput(pipe.Reader);
        }
        var code = (await Task.WhenAll(running))[^1];
        return pipeline.IsNegated ? code == 0 ? 1 : 0 : code;

        async Task<int> PartAsync(ShellNode node, Streams own, Pipe? to, bool isOwnShell)
        {
            try
            {
                return isOwnShell && pipeline.Commands.Count == 1 ? await RunAsync(node, own) : await new ShellInterpreter(state.Fork(), find).SubshellAsync(node, own);
            }
            finally
            {
                if (to is not null)
                    await to.Writer.CompleteAsync();
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
                if (jump.IsBreak)
                    break;
            }
        }
        return code;
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
        var expansion = Expansion(streams);
        var words = await expansion.WordsAsync(simple.Words);
        await using var redirected = new ShellRedirections(state, streams);
        if (await redirected.ApplyAsync(simple.Redirections, expansion) is { } complaint)
            return await ComplainAsync(streams, complaint, 1);
        if (words.Count == 0)
        {
            state.Last = 0;
            foreach (var (name, value) in simple.Assignments)
                state.Variables[name] = await expansion.WordAsync(value);
            return state.Last;
        }
        var variables = new Dictionary<string, string>(state.Variables, StringComparer.Ordinal);
        foreach (var (name, value) in simple.Assignments)
            variables[name] = await expansion.WordAsync(value);
        var (input, output, error) = redirected.Streams;
        var command = new Command(words[0], words[1..], state.Process, input, output, error, variables, state.Directory);
        if (await new ShellBuiltins(state, this).RunAsync(command) is { } code)
            return code;
        if (find(words[0]) is not { } program)
            return await ComplainAsync(redirected.Streams, $"{words[0]}: not found", 127);
        try
        {
            return await program(command);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return await command.FailAsync(failure.Message);
        }
    }

    /// <summary>Another program text in the same shell: eval, traps, sourced files.</summary>
    internal Task<int> EvaluateAsync(string program, Command command) =>
        RunAsync(new ShellParser(program).Parse(), new Streams(command.Input, command.Output, command.Error));

    private ShellExpansion Expansion(Streams streams) => new(state, async program =>
    {
        await using var output = new CollectedOutput();
        var inner = new ShellInterpreter(state.Fork(), find);
        state.Last = await inner.RunAsync(program, streams.Input, output, streams.Error);
        return output.Text.TrimEnd('\n');
    });

    private async Task<int> ComplainAsync(Streams streams, string complaint, int code)
    {
        await streams.Error.SayAsync($"{state.Name}: {complaint}\n");
        return code;
    }
}

/// <summary>The three streams of a command.</summary>
internal readonly record struct Streams(Stream Input, Stream Output, Stream Error);
