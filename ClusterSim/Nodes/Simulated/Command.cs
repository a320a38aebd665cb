using System.Text;
using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Files;
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
    // What a directory's entry costs to hold.
    private const long EntryBytes = 128;

    /// <summary>Finds other programs, for those that run them (xargs, env, timeout, find -exec).</summary>
    public Func<string, CommandMain?> Find { get; init; } = BusyboxImage.Find;

    /// <summary>What its process holds in memory.</summary>
    public ProcessMemory Memory { get; init; } = new(ChildProcess.CgroupOf(Process)?.Memory);

    /// <summary>A program alone in its process.</summary>
    public static Command Of(string name, ServiceProcess process) =>
        new(name, process.Arguments, process, process.Input, process.Output, process.Error, process.Environment, process.WorkingDirectory);

    /// <summary>The files that it sees: the only way to one.</summary>
    public ContainerFileSystem Files => Process.Files is ContainerFileRoot root ? root.FileSystem
        : throw new NotSupportedException("simulated programs have files in pods alone");

    /// <summary>Returns what is known of the file that a path leads to; null where it leads to none.</summary>
    public FileEntry? Stat(string path) => Files.Stat(Absolute(path));

    /// <summary>Returns what is known of an entry, itself where it is a link; null where there is none.</summary>
    public FileEntry? LStat(string path) => Files.LStat(Absolute(path));

    /// <summary>Whether a path leads to a directory.</summary>
    public bool IsDirectory(string path) => Stat(path) is { IsDirectory: true };

    /// <summary>Whether a path leads to a regular file.</summary>
    public bool IsFile(string path) => Stat(path) is { IsFile: true };

    /// <summary>Returns the target of a link; null where the path is no link.</summary>
    public string? LinkTarget(string path) => Files.ReadLink(Absolute(path));

    /// <summary>Returns the entries of a directory by name.</summary>
    /// <exception cref="FileSystemException">It is none, or cannot be read.</exception>
    public IEnumerable<(string Name, FileEntry Entry)> Enumerate(string path)
    {
        var entries = Files.Enumerate(Absolute(path));
        using var charge = new MemoryCharge(Memory);
        charge.Add(entries.Count * EntryBytes);
        foreach (var entry in entries.OrderBy(entry => entry.Name, StringComparer.Ordinal))
            yield return entry;
    }

    /// <summary>A path from the root.</summary>
    public string Absolute(string path) => path.StartsWith('/') ? path : $"{Directory.TrimEnd('/')}/{path}";

    /// <summary>A path from the root, without dots.</summary>
    public string Normal(string path) => Path.GetFullPath(Absolute(path)) is var full && full.Length > 1 ? full.TrimEnd('/') : "/";

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
        try
        {
            return Files.OpenRead(Absolute(path));
        }
        catch (FileSystemException ex)
        {
            throw new IOException(ex.Error == Errno.IsDirectory ? "read error: Is a directory" : $"can't open '{path}': {ex.Message}", ex);
        }
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

    /// <summary>Runs another program as a process of its own.</summary>
    /// <param name="main">The program.</param>
    /// <param name="child">What it is called with.</param>
    /// <returns>The exit code.</returns>
    public Task<int> RunAsync(CommandMain main, Command child) => ChildProcess.RunAsync(main, child, Name);

    /// <summary>All of standard input, or of the files named. It counts against the process until that ends, or until the charge is released.</summary>
    public async Task<string> ReadAsync(IEnumerable<string> files, MemoryCharge? charge = null) => Encoding.UTF8.GetString((await ReadBytesAsync([.. files], charge)).Span);

    /// <summary>All of standard input, or of the files named, as it is; see <see cref="ReadAsync"/>.</summary>
    public async Task<ReadOnlyMemory<byte>> ReadBytesAsync(IReadOnlyCollection<string> files, MemoryCharge? charge = null)
    {
        var all = new ChargedStream(charge ?? new MemoryCharge(Memory));
        foreach (var (_, stream) in Inputs(files))
            await using (stream)
                await stream.PassOnAsync(all, Process.Killed);
        return all.Written;
    }

    /// <summary>What programs say of a failed file operation.</summary>
    public static string Words(Exception failure) => failure is UnauthorizedAccessException ? "Permission denied" : failure.Message;

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
