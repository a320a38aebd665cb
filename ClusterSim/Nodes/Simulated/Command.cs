using System.Text;
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
    /// <summary>A program alone in its process.</summary>
    public static Command Of(string name, ServiceProcess process) =>
        new(name, process.Arguments, process, process.Input, process.Output, process.Error, process.Environment, process.WorkingDirectory);

    /// <summary>Where a path lies on the machine.</summary>
    public string Resolve(string path) => Process.Files.Resolve(Absolute(path));

    /// <summary>A path from the root.</summary>
    public string Absolute(string path) => path.StartsWith('/') ? path : $"{Directory.TrimEnd('/')}/{path}";

    /// <summary>Where a path that is to be written lies on the machine.</summary>
    /// <exception cref="IOException">It may not be written.</exception>
    public string ResolveForWriting(string path) =>
        Process.Files.IsReadOnly(Absolute(path)) ? throw new IOException("Read-only file system") : Resolve(path);

    /// <summary>Writes to standard output.</summary>
    public Task SayAsync(string text) => Output.SayAsync(text);

    /// <summary>Says what went wrong; returns 1.</summary>
    public async Task<int> FailAsync(string complaint, int exitCode = 1)
    {
        await Error.SayAsync($"{Name}: {complaint}\n");
        return exitCode;
    }

    /// <summary>All of standard input, or of the files named.</summary>
    public async Task<string> ReadAsync(IEnumerable<string> files)
    {
        var text = new StringBuilder();
        var any = false;
        foreach (var file in files)
        {
            any = true;
            text.Append(file == "-" ? await InputTextAsync() : ReadFile(file));
        }
        return any ? text.ToString() : await InputTextAsync();
    }

    private string ReadFile(string file)
    {
        var path = Resolve(file);
        if (System.IO.Directory.Exists(path))
            throw new IOException("read error: Is a directory");
        return File.Exists(path) ? File.ReadAllText(path) : throw new IOException($"can't open '{file}': No such file or directory");
    }

    private async Task<string> InputTextAsync()
    {
        using var all = new MemoryStream();
        var buffer = new byte[4096];
        while (await Input.ReadAsync(buffer) is var count and > 0)
            all.Write(buffer, 0, count);
        return Encoding.UTF8.GetString(all.GetBuffer(), 0, (int)all.Length);
    }
}

/// <summary>What a simulated program does; its result is the exit code.</summary>
internal delegate Task<int> CommandMain(Command command);
