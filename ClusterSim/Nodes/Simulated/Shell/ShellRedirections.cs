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
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                var why = failure is FileNotFoundException or DirectoryNotFoundException ? "no such file" : failure.Message;
                return redirection.Operator == "<" ? $"can't open {word}: {why}" : $"can't create {word}: {why}";
            }
        }
        return null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
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
        var path = word.StartsWith('/') ? word : $"{state.Directory.TrimEnd('/')}/{word}";
        switch (path)
        {
            case "/dev/null":
                return Stream.Null;
            case "/dev/stdout" or "/proc/1/fd/1":
                return new Shared(path == "/dev/stdout" ? Streams.Output : state.Process.Output);
            case "/dev/stderr" or "/proc/1/fd/2":
                return new Shared(path == "/dev/stderr" ? Streams.Error : state.Process.Error);
            default:
                break;
        }
        if (how == "<")
            return new MemoryStream(File.ReadAllBytes(state.Process.Files.Resolve(path)), writable: false);
        if (state.Process.Files.IsReadOnly(path))
            throw new IOException("Read-only file system");
        return new Shared(new FileStream(
            state.Process.Files.Resolve(path), how == ">>" ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0), isOwned: true);
    }

    /// <summary>
    /// Writes at once: a file's asynchronous write would hop over the thread pool, where nobody counts what is under way. Closes what it owns.
    /// </summary>
    private sealed class Shared(Stream stream, bool isOwned = false) : Containers.WriteOnlyStream
    {
        public override void Write(ReadOnlySpan<byte> buffer) => stream.Write(buffer);

        protected override void Dispose(bool disposing)
        {
            if (isOwned && disposing)
                stream.Dispose();
            base.Dispose(disposing);
        }
    }
}
