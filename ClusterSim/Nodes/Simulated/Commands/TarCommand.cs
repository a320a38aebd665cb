using System.Formats.Tar;
using System.IO.Compression;
using ClusterSim.Nodes.Files;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>
/// <c>tar c|x|t [-z] [-v] [-m] [-f file] [-C folder] [paths…]</c>: what <c>kubectl cp</c> runs on the container's side, and people by hand. Entries
/// go where the container's own paths lead, and never out of it.
/// </summary>
internal static class TarCommand
{
    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(Command command)
    {
        // The first word's letters need no dash: tar xzf.
        var words = command.Arguments.ToList();
        if (words.Count > 0 && !words[0].StartsWith('-'))
            words[0] = "-" + words[0];
        var options = Options.Read(words, "fCTX", ["directory", "file", "exclude"]);
        // The archive is where the caller stands, whatever folder its content goes to.
        var file = options.Value("f") ?? options.Value("file") ?? "-";
        if (file != "-")
            file = command.Normal(file);
        if ((options.Value("C") ?? options.Value("directory")) is { } folder)
        {
            if (!command.IsDirectory(folder))
                return await command.FailAsync($"can't change directory to '{folder}': No such file or directory");
            command = command with { Directory = command.Normal(folder) };
        }
        try
        {
            if (options.Has("c"))
                return await CreateAsync(command, options, file);
            if (options.Has("x") || options.Has("t"))
                return await ReadAsync(command, options, file, extracts: options.Has("x"));
            return await command.FailAsync("must specify one of: c, t, x");
        }
        catch (Exception ex) when (ex is InvalidDataException or EndOfStreamException or FormatException or ArgumentException)
        {
            return await command.FailAsync($"invalid tar magic: {ex.Message}");
        }
    }

    private static async Task<int> CreateAsync(Command command, Options options, string file)
    {
        if (options.Rest.Count == 0)
            return await command.FailAsync("empty archive");
        var to = file == "-" ? command.Output : command.Files.OpenWrite(file, FileMode.Create);
        var code = 0;
        try
        {
            var archive = file == "-" ? null : command.Stat(file);
            var zipped = options.Has("z") ? new GZipStream(to, CompressionLevel.Fastest, leaveOpen: true) : null;
            await using (var writer = new TarWriter(zipped ?? to, TarEntryFormat.Gnu, leaveOpen: true))
                foreach (var path in options.Rest)
                    code |= await AddAsync(command, writer, path, archive, options.Has("v"));
            if (zipped is not null)
                await zipped.DisposeAsync();
        }
        finally
        {
            if (file != "-")
                await to.DisposeAsync();
        }
        return code;
    }

    private static async Task<int> AddAsync(Command command, TarWriter writer, string path, FileEntry? archive, bool tells)
    {
        if (ListCommand.Entry.Find(command, path) is not { } entry)
            return await command.FailAsync($"{path}: No such file or directory");
        if (archive is { } own && own.IsSameFile(entry.Of))
        {
            await command.Error.SayAsync($"tar: {path}: file is the archive; skipping\n");
            return 0;
        }
        var name = path.TrimStart('/');
        var kind = entry.LinkTarget is not null ? TarEntryType.SymbolicLink : entry.IsFolder ? TarEntryType.Directory : TarEntryType.RegularFile;
        if (name.Length > 0)
        {
            var (uid, gid) = SystemCommands.UserOf(command);
            var made = new GnuTarEntry(kind, kind == TarEntryType.Directory ? name.TrimEnd('/') + "/" : name)
            {
                ModificationTime = new DateTimeOffset(entry.Changed, TimeSpan.Zero),
                Uid = (int)uid,
                Gid = (int)gid,
                Mode = entry.Of.Mode & (UnixFileMode)0xfff,
            };
            if (entry.LinkTarget is { } target)
                made.LinkName = target;
            await using var content = kind == TarEntryType.RegularFile ? command.Files.OpenRead(command.Absolute(path)) : null;
            if (content is not null)
                made.DataStream = content;
            await writer.WriteEntryAsync(made, command.Process.Killed);
            if (tells)
                await command.Error.SayAsync(name + "\n");
        }
        var code = 0;
        if (kind == TarEntryType.Directory)
            foreach (var (child, _) in command.Enumerate(path))
                code |= await AddAsync(command, writer, $"{path.TrimEnd('/')}/{child}", archive, tells);
        return code;
    }

    private static async Task<int> ReadAsync(Command command, Options options, string file, bool extracts)
    {
        var from = file == "-" ? command.Input : command.OpenRead(file);
        try
        {
            await using var unzipped = options.Has("z") || file.EndsWith("gz", StringComparison.Ordinal) ? new GZipStream(from, CompressionMode.Decompress, leaveOpen: true) : null;
            await using var reader = new TarReader(new TarBlocks(unzipped ?? from), leaveOpen: true);
            var code = 0;
            while (await NextAsync(reader, command.Process.Killed) is { } entry)
            {
                if (options.Rest.Count > 0 && !options.Rest.Exists(wanted => entry.Name == wanted || entry.Name.TrimEnd('/') == wanted || entry.Name.StartsWith(wanted.TrimEnd('/') + "/", StringComparison.Ordinal)))
                    continue;
                if (!extracts || options.Has("v"))
                    await command.SayAsync(entry.Name + "\n");
                if (extracts)
                    code |= await ExtractAsync(command, entry, keepsTime: !options.Has("m"), toOutput: options.Has("O"));
            }
            // What follows the archive's end is read too, or whoever writes it would wait.
            await from.PassOnAsync(Stream.Null, command.Process.Killed);
            return code;
        }
        finally
        {
            if (file != "-")
                await from.DisposeAsync();
        }
    }

    // A damaged header makes the reader fail in many ways: a number that does not fit (OverflowException), a sparse file (NotSupportedException) …
    private static async Task<TarEntry?> NextAsync(TarReader reader, CancellationToken killed)
    {
        try
        {
            return await reader.GetNextEntryAsync(copyData: false, killed);
        }
        catch (Exception ex) when (ex is not (IOException or OperationCanceledException or OutOfMemoryException))
        {
            throw new InvalidDataException(ex.Message, ex);
        }
    }

    private static async Task<int> ExtractAsync(Command command, TarEntry entry, bool keepsTime, bool toOutput)
    {
        var path = entry.Name.TrimStart('/');
        if (path.Split('/').Contains(".."))
            return await command.FailAsync($"name with '..' skipped: '{entry.Name}'");
        if (path.TrimEnd('/') is "" or ".")
            return 0;
        try
        {
            if (toOutput)
            {
                if (entry.DataStream is { } shown)
                    await shown.PassOnAsync(command.Output, command.Process.Killed);
                return 0;
            }
            var to = command.Normal(path);
            command.Files.CreateDirectories(Path.GetDirectoryName(to)!);
            // As GNU tar: an existing entry is replaced, and no link is followed.
            if (command.Files.LStat(to) is { IsDirectory: false })
                command.Files.Remove(to);
            switch (entry.EntryType)
            {
                case TarEntryType.Directory:
                    command.Files.CreateDirectories(to);
                    break;
                case TarEntryType.SymbolicLink:
                    command.Files.CreateSymbolicLink(to, entry.LinkName);
                    return 0;
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                    await using (var written = command.Files.OpenWrite(to, FileMode.CreateNew))
                        if (entry.DataStream is { } content)
                            await content.CopyToAsync(written, command.Process.Killed);
                    break;
                case TarEntryType.HardLink:
                    command.Files.CreateHardLink(command.Absolute(entry.LinkName), to);
                    return 0;
                default:
                    return await command.FailAsync($"'{entry.Name}': {entry.EntryType} entries are not supported by the simulator");
            }
            command.Files.SetMode(to, entry.Mode);
            if (keepsTime && entry.EntryType != TarEntryType.Directory)
                command.Files.SetModified(to, entry.ModificationTime.UtcDateTime);
            return 0;
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return await command.FailAsync($"can't open '{entry.Name}': {Command.Words(ex)}");
        }
    }
}
