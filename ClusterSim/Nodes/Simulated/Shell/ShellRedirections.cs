using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Files;

namespace ClusterSim.Nodes.Simulated.Shell;

/// <summary>The streams of one command after its redirections; closes the files it opened.</summary>
internal sealed class ShellRedirections(ShellState state, Streams streams) : IAsyncDisposable
{
    private readonly List<Stream> _opened = [];

    /// <summary>The streams as they are now.</summary>
    public Streams Streams { get; private set; } = streams;

    /// <summary>Carries them out in order; returns what went wrong, null if nothing.</summary>
    public async Task<string?> ApplyAsync(IReadOnlyList<Redirection> redirections, ShellExpansion expansion)
    {
        foreach (var redirection in redirections)
        {
            if (redirection.Here is { } here)
            {
                var text = here.IsQuoted ? here.Text : await expansion.TextAsync(here.Text);
                Set(redirection.Descriptor, new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text), writable: false));
                continue;
            }
            var word = await expansion.WordAsync(redirection.Word);
            if (redirection.Operator.EndsWith('&'))
            {
                Set(redirection.Descriptor, word == "1" ? Streams.Output : word == "2" ? Streams.Error : Stream.Null);
                continue;
            }
            try
            {
                var opened = Open(word, redirection.Operator);
                _opened.Add(opened);
                if (redirection.Operator == "&>")
                    Streams = Streams with { Output = opened, Error = opened };
                else
                    Set(redirection.Descriptor, opened);
            }
            catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
            {
                return ex is FileSystemException { Error: Errno.NotFound }
                    ? redirection.Operator == "<" ? $"can't open {word}: no such file" : $"can't create {word}: nonexistent directory"
                    : $"can't {(redirection.Operator == "<" ? "open" : "create")} {word}: {Command.Words(ex)}";
            }
        }
        return null;
    }

    /// <summary>Whether the files stay open: they are the shell's own from here on (<c>exec &gt; file</c>).</summary>
    public bool IsKept { get; set; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (IsKept)
            return;
        foreach (var stream in _opened)
            await stream.DisposeAsync();
    }

    private void Set(int descriptor, Stream stream) => Streams = descriptor switch
    {
        0 => Streams with { Input = stream },
        1 => Streams with { Output = stream },
        2 => Streams with { Error = stream },
        _ => Streams,
    };

    private Stream Open(string word, string how)
    {
        var command = Command.Of("sh", state.Process) with { Directory = state.Directory, Input = Streams.Input };
        switch (command.Absolute(word))
        {
            case "/dev/null":
                return Stream.Null;
            case "/dev/stdout" or "/proc/1/fd/1":
                return new Shared(word == "/dev/stdout" ? Streams.Output : state.Process.Output);
            case "/dev/stderr" or "/proc/1/fd/2":
                return new Shared(word == "/dev/stderr" ? Streams.Error : state.Process.Error);
            default:
                break;
        }
        if (how == "<")
            return command.Stat(word) is null && command.Absolute(word).StartsWith("/dev/", StringComparison.Ordinal)
                ? command.OpenRead(word) : new FileInput(command.Files.OpenRead(command.Absolute(word)));
        return new Shared(command.Files.OpenWrite(command.Absolute(word), how == ">>" ? FileMode.Append : FileMode.Create), isOwned: true);
    }

    /// <summary>Reads at once, for the same reason; one position for all who read from it, as <c>while read</c> wants.</summary>
    private sealed class FileInput(Stream file) : ReadOnlyStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(file.Read(buffer.Span));

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                file.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>
    /// Writes at once: a file's asynchronous write would hop over the thread pool, where nobody counts what is under way. Closes what it owns.
    /// </summary>
    private sealed class Shared(Stream stream, bool isOwned = false) : WriteOnlyStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => stream.Write(buffer);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!isOwned)
                return stream.WriteAsync(buffer, cancellationToken);
            stream.Write(buffer.Span);
            return ValueTask.CompletedTask;
        }

        protected override void Dispose(bool disposing)
        {
            if (isOwned && disposing)
                stream.Dispose();
            base.Dispose(disposing);
        }
    }
}
