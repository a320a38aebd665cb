using System.Text;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Volumes;
using Processes;

namespace ClusterSim.Nodes.Simulated;

/// <summary>
/// A simulated program called by name with arguments, as it runs in a shell or alone: streams, variables, a working directory. What it
/// says of itself begins with its name, as programs do.
/// </summary>
/// <param name="Name">The name it was called by.</param>
/// <param name="Arguments">What follows.</param>
/// <param name="Process">The process it runs in: files, network, clock, SIGKILL.</param>
/// <param name="Input">Standard input.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
/// <param name="Variables">The exported variables.</param>
/// <param name="Directory">The working directory.</param>
internal sealed record Command(
    string Name, IReadOnlyList<string> Arguments, ServiceProcess Process, Stream Input, Stream Output, Stream Error,
    IReadOnlyDictionary<string, string> Variables, string Directory)
{
    private const int LinksMax = 40;

    /// <summary>Finds other programs, for those that run them (xargs, env, timeout, find -exec).</summary>
    public Func<string, CommandMain?> Find { get; init; } = BusyboxImage.Find;

    /// <summary>A program alone in its process.</summary>
    public static Command Of(string name, ServiceProcess process) =>
        new(name, process.Arguments, process, process.Input, process.Output, process.Error, process.Environment, process.WorkingDirectory);

    /// <summary>Where a path lies on the machine; symbolic links are followed within the container, the last one too.</summary>
    public string Resolve(string path) => Process.Files.Resolve(FollowLinks(Absolute(path)));

    /// <summary>Where a path lies on the machine, as <see cref="Resolve"/>, but a link at its end is itself.</summary>
    public string ResolveLink(string path)
    {
        var absolute = Normal(path);
        return absolute == "/" ? Process.Files.Resolve("/") : Process.Files.Resolve(FollowLinks(Path.GetDirectoryName(absolute)!).TrimEnd('/') + "/" + Path.GetFileName(absolute));
    }

    /// <summary>A path from the root.</summary>
    public string Absolute(string path) => path.StartsWith('/') ? path : $"{Directory.TrimEnd('/')}/{path}";

    /// <summary>A path from the root, without dots.</summary>
    public string Normal(string path) => Path.GetFullPath(Absolute(path)) is var full && full.Length > 1 ? full.TrimEnd('/') : "/";

    /// <summary>Where a path that is to be written lies on the machine.</summary>
    /// <exception cref="IOException">It is on a read-only file system.</exception>
    /// <exception cref="UnauthorizedAccessException">It is another user's.</exception>
    public string ResolveForWriting(string path) => Writable(FollowLinks(Absolute(path)));

    /// <summary>As <see cref="ResolveForWriting"/>, for what is done to a name (made, removed, moved): the folder it is in counts, not what is mounted there.</summary>
    public string ResolveLinkForWriting(string path)
    {
        Writable(FollowLinks(Path.GetDirectoryName(Normal(path)) ?? "/"));
        return ResolveLink(path);
    }

    /// <summary>Where a link leads, as it says itself; null where the path is no link.</summary>
    public string? LinkTarget(string path) => new FileInfo(ResolveLink(path)).LinkTarget;

    /// <summary>Opens a file or a device for reading.</summary>
    /// <exception cref="IOException">It cannot be opened; the message is the program's complaint.</exception>
    public Stream OpenRead(string path)
    {
        switch (Absolute(path))
        {
            case "/dev/null":
                return Stream.Null;
            case "/dev/stdin" or "/proc/self/fd/0" or "/dev/fd/0":
                return Input;
            case "/dev/zero":
                return new EndlessStream(buffer => buffer.Clear());
            case "/dev/urandom" or "/dev/random":
                return new EndlessStream(System.Security.Cryptography.RandomNumberGenerator.Fill);
            case "/dev/tty" when Input is TerminalInput:
                return Input;
            default:
                break;
        }
        var file = Resolve(path);
        if (System.IO.Directory.Exists(file))
            throw new IOException("read error: Is a directory");
        return File.Exists(file)
            ? new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0)
            : throw new IOException($"can't open '{path}': No such file or directory");
    }

    /// <summary>The streams that a list of files names: <c>-</c>, and an empty list, is standard input. What is given is to be disposed.</summary>
    public IEnumerable<(string Name, Stream Stream)> Inputs(IReadOnlyCollection<string> files)
    {
        foreach (var file in files.DefaultIfEmpty("-"))
            yield return file == "-" ? ("-", new Undisposed(Input)) : (file, OpenRead(file));
    }

    /// <summary>Writes to standard output.</summary>
    public Task SayAsync(string text) => Output.SayAsync(text);

    /// <summary>Says what went wrong; returns 1.</summary>
    public async Task<int> FailAsync(string complaint, int exitCode = 1)
    {
        await Error.SayAsync($"{Name}: {complaint}\n");
        return exitCode;
    }

    /// <summary>All of standard input, or of the files named.</summary>
    public async Task<string> ReadAsync(IEnumerable<string> files) => Encoding.UTF8.GetString(await ReadBytesAsync([.. files]));

    /// <summary>All of standard input, or of the files named, as it is.</summary>
    public async Task<byte[]> ReadBytesAsync(IReadOnlyCollection<string> files)
    {
        using var all = new MemoryStream();
        foreach (var (_, stream) in Inputs(files))
            await using (stream)
                await stream.PassOnAsync(all, Process.Killed);
        return all.ToArray();
    }

    /// <summary>What programs say of a failed file operation.</summary>
    public static string Words(Exception failure) => failure switch
    {
        FileNotFoundException or DirectoryNotFoundException => "No such file or directory",
        UnauthorizedAccessException => "Permission denied",
        _ => failure.Message,
    };

    private string Writable(string path) =>
        Process.Files.IsReadOnly(path) ? throw new IOException("Read-only file system")
        : Process.Files is ContainerFileRoot files && !files.IsWritableByUser(path) ? throw new UnauthorizedAccessException("Permission denied")
        : Process.Files.Resolve(path);

    /// <summary>A path without links: what a link in the container says is a path in the container.</summary>
    private string FollowLinks(string path)
    {
        for (var links = 0; links < LinksMax; links++)
        {
            var parts = Path.GetFullPath(path).Split('/', StringSplitOptions.RemoveEmptyEntries);
            var followed = false;
            var walked = "";
            for (var i = 0; i < parts.Length && !followed; i++)
            {
                var next = $"{walked}/{parts[i]}";
                if (new FileInfo(Process.Files.Resolve(next)).LinkTarget is { } target)
                {
                    var rest = string.Join('/', parts[(i + 1)..]);
                    path = $"{(target.StartsWith('/') ? target : $"{walked}/{target}")}{(rest.Length > 0 ? "/" + rest : "")}";
                    followed = true;
                }
                walked = next;
            }
            if (!followed)
                return walked.Length == 0 ? "/" : walked;
        }
        throw new IOException("Too many levels of symbolic links");
    }

    private sealed class EndlessStream(FillBuffer fill) : ReadOnlyStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            fill(buffer.Span);
            return ValueTask.FromResult(buffer.Length);
        }
    }

    /// <summary>Standard input is not the command's to close.</summary>
    private sealed class Undisposed(Stream stream) : ReadOnlyStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => stream.ReadAsync(buffer, cancellationToken);
    }

    private delegate void FillBuffer(Span<byte> buffer);
}

/// <summary>What a simulated program does; its result is the exit code.</summary>
internal delegate Task<int> CommandMain(Command command);
