using System.Globalization;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>The everyday commands that make, move and remove files, over the container's own file system.</summary>
internal static class FileCommands
{
    /// <summary>The commands by name.</summary>
    public static IEnumerable<(string Name, CommandMain Main)> All =>
    [
        ("ls", ListCommand.RunAsync),
        ("mkdir", MakeDirectoryAsync),
        ("rmdir", RemoveDirectoryAsync),
        ("touch", command => EachAsync(command, "", path => Touch(command, path))),
        ("truncate", TruncateAsync),
        ("rm", RemoveAsync),
        ("cp", CopyAsync),
        ("mv", MoveAsync),
        ("ln", LinkAsync),
        ("chmod", ChangeModeAsync),
        ("chown", ChangeOwnerAsync),
        ("chgrp", ChangeOwnerAsync),
        ("readlink", ReadLinkAsync),
        ("realpath", command => EachAsync(command, "", path => Path.Exists(command.Resolve(path)) ? command.Normal(path) : throw new FileNotFoundException())),
        ("mktemp", MakeTemporaryAsync),
        ("sync", _ => Task.FromResult(0)),
        ("tar", TarCommand.RunAsync),
        ("stat", FileFacts.StatAsync),
        ("df", FileFacts.DiskFreeAsync),
        ("du", FileFacts.DiskUsageAsync),
        ("find", FindCommand.RunAsync),
    ];

    private static Task<int> EachAsync(Command command, string refusal, Action<string> change) => EachAsync(command, refusal, path =>
    {
        change(path);
        return null;
    });

    /// <summary>Does something to every path; complaints are in the program's words, <paramref name="refusal"/> before the path's name.</summary>
    private static async Task<int> EachAsync(Command command, string refusal, Func<string, string?> change)
    {
        var code = 0;
        foreach (var path in command.Arguments.Where(word => word.Length == 1 || !word.StartsWith('-')))
            try
            {
                if (change(path) is { } said)
                    await command.SayAsync(said + "\n");
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                code = await command.FailAsync(refusal.Length == 0 ? $"{path}: {Command.Words(failure)}" : $"{refusal} '{path}': {Command.Words(failure)}");
            }
        return code;
    }

    private static void Touch(Command command, string path)
    {
        var file = command.ResolveForWriting(path);
        if (Path.Exists(file))
            File.SetLastWriteTimeUtc(file, command.Process.Clock.GetUtcNow().UtcDateTime);
        else
            File.WriteAllBytes(file, []);
    }

    private static Task<int> MakeDirectoryAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "m", []);
        return EachAsync(command with { Arguments = options.Rest }, "can't create directory", path =>
        {
            var folder = command.ResolveForWriting(path);
            if (Path.Exists(folder) && !(options.Has("p") && Directory.Exists(folder)))
                throw new IOException("File exists");
            if (!options.Has("p") && !Directory.Exists(Path.GetDirectoryName(folder)))
                throw new DirectoryNotFoundException();
            Directory.CreateDirectory(folder);
            if (options.Value("m") is { } mode && !OperatingSystem.IsWindows())
                File.SetUnixFileMode(folder, FileMode(mode, UnixFileMode.None));
        });
    }

    private static Task<int> RemoveDirectoryAsync(Command command) => EachAsync(command, "", path =>
    {
        var folder = command.ResolveForWriting(path);
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException();
        if (Directory.EnumerateFileSystemEntries(folder).Any())
            throw new IOException("Directory not empty");
        Directory.Delete(folder);
    });

    private static Task<int> TruncateAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "s", []);
        var size = TextCommands.Amount(options.Value("s") ?? "0");
        return EachAsync(command with { Arguments = options.Rest }, "", path =>
        {
            using var file = new FileStream(command.ResolveForWriting(path), System.IO.FileMode.OpenOrCreate, FileAccess.Write);
            file.SetLength(size);
        });
    }

    private static Task<int> RemoveAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        return EachAsync(command with { Arguments = options.Rest }, "can't remove", path =>
        {
            if (options.Has("f") && !Path.Exists(command.ResolveLink(path)) && command.LinkTarget(path) is null)
                return;
            var entry = command.ResolveLinkForWriting(path);
            if (command.LinkTarget(path) is not null || File.Exists(entry))
                File.Delete(entry);
            else if (!Directory.Exists(entry))
                throw new FileNotFoundException();
            else if (!options.Has("r") && !options.Has("R"))
                throw new IOException("Is a directory");
            else
                Directory.Delete(entry, recursive: true);
        });
    }

    private static Task<int> CopyAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        var isDeep = options.Has("r") || options.Has("R") || options.Has("a");
        return ToAsync(command, options, (from, to) =>
        {
            if (!Directory.Exists(from))
                File.Copy(from, to, overwrite: true);
            else if (isDeep)
                CopyFolder(from, to);
            else
                throw new IOException($"omitting directory '{from}'");
        });
    }

    private static void CopyFolder(string from, string to)
    {
        // The list first: a folder may be copied into itself.
        var entries = Directory.EnumerateFileSystemEntries(from).ToList();
        Directory.CreateDirectory(to);
        foreach (var entry in entries)
        {
            var target = Path.Combine(to, Path.GetFileName(entry));
            if (new FileInfo(entry).LinkTarget is { } link)
                File.CreateSymbolicLink(target, link);
            else if (Directory.Exists(entry))
                CopyFolder(entry, target);
            else
                File.Copy(entry, target, overwrite: true);
        }
    }

    private static Task<int> MoveAsync(Command command) => ToAsync(command, Options.Read(command.Arguments, "", []), (from, to) =>
    {
        if (!Directory.Exists(from))
            File.Move(from, to, overwrite: true);
        else if (Directory.Exists(to))
            throw new IOException("File exists");
        else
            Directory.Move(from, to);
    }, removes: true);

    private static async Task<int> ToAsync(Command command, Options options, Action<string, string> move, bool removes = false)
    {
        var paths = options.Rest;
        if (paths.Count < 2)
            return await command.FailAsync("missing file operand");
        var isInto = Directory.Exists(command.Resolve(paths[^1]));
        if (paths.Count > 2 && !isInto)
            return await command.FailAsync($"target '{paths[^1]}' is not a directory");
        var code = 0;
        foreach (var from in paths.SkipLast(1))
        {
            var target = isInto ? $"{paths[^1].TrimEnd('/')}/{Path.GetFileName(from.TrimEnd('/'))}" : paths[^1];
            try
            {
                var source = removes ? command.ResolveLinkForWriting(from) : command.Resolve(from);
                if (!Path.Exists(source))
                {
                    code = await command.FailAsync($"can't {(removes ? "rename" : "stat")} '{from}': No such file or directory");
                    continue;
                }
                move(source, command.ResolveForWriting(target));
            }
            catch (IOException omitted) when (omitted.Message.StartsWith("omitting", StringComparison.Ordinal))
            {
                code = await command.FailAsync($"omitting directory '{from}'");
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                code = await command.FailAsync($"can't {(removes ? "rename" : "create")} '{(removes ? from : target)}': {Command.Words(failure)}");
            }
        }
        return code;
    }

    private static async Task<int> LinkAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        if (options.Rest.Count < 2)
            return await command.FailAsync("missing file operand");
        var (target, path) = (options.Rest[0], options.Rest[1]);
        if (Directory.Exists(command.Resolve(path)) && !options.Has("n"))
            path = $"{path.TrimEnd('/')}/{Path.GetFileName(target)}";
        try
        {
            var link = command.ResolveLinkForWriting(path);
            if (options.Has("f") && (File.Exists(link) || new FileInfo(link).LinkTarget is not null))
                File.Delete(link);
            if (Path.Exists(link) || new FileInfo(link).LinkTarget is not null)
                throw new IOException("File exists");
            if (options.Has("s"))
                File.CreateSymbolicLink(link, target);
            else
                File.Copy(command.Resolve(target), link); // a hard link's two names would differ from here on; nobody is told
            return 0;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return await command.FailAsync($"{path}: {Command.Words(failure)}");
        }
    }

    private static async Task<int> ChangeModeAsync(Command command)
    {
        var options = command.Arguments.Where(word => word is "-R" or "-v" or "-f" or "-c").ToList();
        var words = command.Arguments.Except(options).ToList();
        if (words.Count < 2)
            return await command.FailAsync("usage: chmod [-R] MODE FILE...");
        return await EachAsync(command with { Arguments = words[1..] }, "", path =>
        {
            var file = command.ResolveForWriting(path);
            if (!Path.Exists(file))
                throw new FileNotFoundException();
            var all = options.Contains("-R") && Directory.Exists(file) ? Directory.EnumerateFileSystemEntries(file, "*", SearchOption.AllDirectories).Prepend(file) : [file];
            if (!OperatingSystem.IsWindows())
                foreach (var one in all)
                    File.SetUnixFileMode(one, FileMode(words[0], File.GetUnixFileMode(one)));
        });
    }

    /// <summary>A mode in octal or in letters: <c>0644</c>, <c>+x</c>, <c>u=rw,go-w</c>.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    private static UnixFileMode FileMode(string mode, UnixFileMode before)
    {
        if (mode.All(digit => digit is >= '0' and <= '7'))
            return (UnixFileMode)Convert.ToInt32(mode, 8);
        var bits = (int)before;
        foreach (var clause in mode.Split(','))
        {
            var at = clause.IndexOfAny(['+', '-', '=']);
            if (at < 0 || clause[..at].Any(letter => !"ugoa".Contains(letter, StringComparison.Ordinal)) || clause[(at + 1)..].Any(letter => !"rwxXst".Contains(letter, StringComparison.Ordinal)))
                throw new FormatException($"invalid mode '{mode}'");
            var rights = clause[(at + 1)..].Sum(letter => letter switch { 'r' => 4, 'w' => 2, 'x' or 'X' => 1, _ => 0 });
            var who = clause[..at] is { Length: > 0 } named && !named.Contains('a', StringComparison.Ordinal) ? named : "ugo";
            foreach (var shift in who.Select(letter => letter switch { 'u' => 6, 'g' => 3, _ => 0 }))
                bits = clause[at] switch
                {
                    '+' => bits | (rights << shift),
                    '-' => bits & ~(rights << shift),
                    _ => (bits & ~(7 << shift)) | (rights << shift),
                };
        }
        return (UnixFileMode)bits;
    }

    /// <summary>All files are the container's user's; giving them away is permitted to root, and changes nothing here.</summary>
    private static async Task<int> ChangeOwnerAsync(Command command)
    {
        var words = command.Arguments.Where(word => !word.StartsWith('-')).ToList();
        if (words.Count < 2)
            return await command.FailAsync("usage: chown [-R] USER[:[GRP]] FILE...");
        return await EachAsync(command with { Arguments = words[1..] }, "", path =>
        {
            if (!Path.Exists(command.ResolveForWriting(path)))
                throw new FileNotFoundException();
            if (SystemCommands.UserOf(command).Uid != 0)
                throw new IOException("Operation not permitted");
        });
    }

    private static async Task<int> ReadLinkAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        if (options.Rest.Count == 0)
            return await command.FailAsync("missing operand");
        if (options.Has("f"))
            return await EachAsync(command with { Arguments = options.Rest }, "", command.Normal);
        if (command.LinkTarget(options.Rest[0]) is not { } target)
            return 1;
        await command.SayAsync(target + (options.Has("n") ? "" : "\n"));
        return 0;
    }

    private static async Task<int> MakeTemporaryAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "p", []);
        var folder = options.Value("p") ?? command.Variables.GetValueOrDefault("TMPDIR", "/tmp");
        var template = options.Rest.ElementAtOrDefault(0) ?? "tmp.XXXXXX";
        var count = template.Length - template.TrimEnd('X').Length;
        if (count < 6)
            return await command.FailAsync($"Invalid argument: '{template}' does not end in XXXXXX");
        var letters = System.Security.Cryptography.RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", count);
        var name = template[..^count] + letters;
        var path = options.Rest.Count > 0 && options.Value("p") is null ? name : $"{folder.TrimEnd('/')}/{name}";
        var machine = command.ResolveForWriting(path);
        if (options.Has("d"))
            Directory.CreateDirectory(machine);
        else
            File.WriteAllBytes(machine, []);
        return await SayAsync(command, path);
    }

    private static async Task<int> SayAsync(Command command, string text)
    {
        await command.SayAsync(string.Create(CultureInfo.InvariantCulture, $"{text}\n"));
        return 0;
    }
}
