using System.IO.Pipelines;
using System.Text;
using ClusterSim.Nodes.Cgroups;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>Runs parts of a program in processes that are forked from the shell: <c>( … )</c>, <c>$( … )</c>, the parts of a pipe.</summary>
internal static class Subshells
{
    /// <summary>Runs a command in a process of its own.</summary>
    /// <exception cref="ShellForkException">The pod has as many processes as it may have.</exception>
    public static async Task<int> RunAsync(ShellNode node, ShellState shell, Func<string, CommandMain?> find, Streams streams)
    {
        using var forked = shell.Fork();
        return await new ShellInterpreter(forked, find).SubshellAsync(node, streams);
    }

    /// <summary>Runs a program for its output.</summary>
    /// <exception cref="ShellForkException">The pod has as many processes as it may have.</exception>
    public static async Task<string> SubstituteAsync(string program, MemoryCharge charge, ShellState shell, Func<string, CommandMain?> find, Streams streams)
    {
        await using var output = new ChargedStream(charge);
        using var forked = shell.Fork();
        shell.LastSubstitution = await new ShellInterpreter(forked, find).RunAsync(program, streams.Input, output, streams.Error);
        return Encoding.UTF8.GetString(output.Written.Span).TrimEnd('\n').Replace("\0", "", StringComparison.Ordinal);
    }

    /// <summary>Runs commands that pipes join, all at the same time.</summary>
    /// <exception cref="ShellForkException">The pod has as many processes as it may have.</exception>
    public static async Task<int> PipeAsync(PipelineNode pipeline, ShellState shell, Func<string, CommandMain?> find, Streams streams)
    {
        var running = new List<Task<int>>();
        var input = streams.Input;
        Pipe? from = null;
        for (var i = 0; i < pipeline.Commands.Count; i++)
        {
            var pipe = i == pipeline.Commands.Count - 1 ? null : new Pipe();
            running.Add(PartAsync(pipeline.Commands[i], new Streams(input, pipe is null ? streams.Output : new PipeOutput(pipe.Writer), streams.Error), from, pipe));
            input = pipe is null ? Stream.Null : new PipeInput(pipe.Reader);
            from = pipe;
        }
        var codes = await Task.WhenAll(running);
        var code = shell.PipesFail ? codes.LastOrDefault(one => one != 0) : codes[^1];
        return pipeline.IsNegated ? code == 0 ? 1 : 0 : code;

        async Task<int> PartAsync(ShellNode node, Streams own, Pipe? readFrom, Pipe? to)
        {
            try
            {
                using var forked = shell.Fork();
                if (to is not null)
                    forked.Memory.Charge(PipeOutput.Capacity);
                return await new ShellInterpreter(forked, find).SubshellAsync(node, own);
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
}
