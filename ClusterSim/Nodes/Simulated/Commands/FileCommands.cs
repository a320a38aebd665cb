using System.Globalization;
using ClusterSim.Nodes.Files;

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
        ("realpath", command => EachAsync(command, "", path => command.Files.RealPath(command.Absolute(path)))),
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
            catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
            {
                code = await command.FailAsync(refusal.Length == 0 ? $"{path}: {Command.Words(ex)}" : $"{refusal} '{path}': {Command.Words(ex)}");
            }
        return code;
    }

    private static void Touch(Command command, string path)
    {
        var file = command.Absolute(path);
        if (command.Stat(path) is not null)
            command.Files.SetModified(file, command.Process.Clock.GetUtcNow().UtcDateTime);
        else
            command.Files.OpenWrite(file, System.IO.FileMode.OpenOrCreate).Dispose();
    }

    private static Task<int> MakeDirectoryAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "m", []);
        return EachAsync(command with { Arguments = options.Rest }, "can't create directory", path =>
        {
            var folder = command.Absolute(path);
            if (options.Has("p"))
                command.Files.CreateDirectories(folder);
            else
                command.Files.CreateDirectory(folder);
            if (options.Value("m") is { } mode)
                command.Files.SetMode(folder, FileMode(mode, UnixFileMode.None));
        });
    }

    private static Task<int> RemoveDirectoryAsync(Command command) => EachAsync(command, "", path => command.Files.RemoveDirectory(command.Absolute(path)));

    private static Task<int> TruncateAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "s", []);
        var size = TextCommands.Amount(options.Value("s") ?? "0");
        return EachAsync(command with { Arguments = options.Rest }, "", path =>
        {
            using var file = command.Files.OpenWrite(command.Absolute(path), System.IO.FileMode.OpenOrCreate);
            file.SetLength(size);
        });
    }

    private static Task<int> RemoveAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        return EachAsync(command with { Arguments = options.Rest }, "can't remove", path =>
        {
            var entry = command.Absolute(path);
            if (options.Has("f") && command.LStat(path) is null)
                return;
            if (options.Has("r") || options.Has("R"))
                command.Files.RemoveAll(entry);
            else
                command.Files.Remove(entry);
        });
    }

    private static Task<int> CopyAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        var isDeep = options.Has("r") || options.Has("R") || options.Has("a");
        return ToAsync(command, options, (from, to) =>
        {
            if (!command.IsDirectory(from))
                FileCopy.CopyFile(command.Files, from, to);
            else if (isDeep)
                FileCopy.CopyAll(command.Files, from, to);
            else
                throw new IOException($"omitting directory '{from}'");
        });
    }

    private static Task<int> MoveAsync(Command command) => ToAsync(command, Options.Read(command.Arguments, "", []), (from, to) =>
    {
        if (command.LStat(from) is { IsDirectory: true } && command.LStat(to) is { IsDirectory: true })
            throw new FileSystemException(Errno.Exists);
        try
        {
            command.Files.Rename(from, to);
        }
        catch (FileSystemException ex) when (ex.Error == Errno.CrossDevice)
        {
            FileCopy.CopyAll(command.Files, from, to);
            command.Files.RemoveAll(from);
        }
    }, removes: true);

    private static async Task<int> ToAsync(Command command, Options options, Action<string, string> move, bool removes = false)
    {
        var paths = options.Rest;
        if (paths.Count < 2)
            return await command.FailAsync("missing file operand");
        var isInto = command.IsDirectory(paths[^1]);
        if (paths.Count > 2 && !isInto)
            return await command.FailAsync($"target '{paths[^1]}' is not a directory");
        var code = 0;
        foreach (var from in paths.SkipLast(1))
        {
            var target = isInto ? $"{paths[^1].TrimEnd('/')}/{Path.GetFileName(from.TrimEnd('/'))}" : paths[^1];
            try
            {
                if ((removes ? command.LStat(from) : command.Stat(from)) is null)
                {
                    code = await command.FailAsync($"can't {(removes ? "rename" : "stat")} '{from}': No such file or directory");
                    continue;
                }
                move(command.Absolute(from), command.Absolute(target));
            }
            catch (IOException ex) when (ex.Message.StartsWith("omitting", StringComparison.Ordinal))
            {
                code = await command.FailAsync($"omitting directory '{from}'");
            }
            catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
            {
                code = await command.FailAsync($"can't {(removes ? "rename" : "create")} '{(removes ? from : target)}': {Command.Words(ex)}");
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
        if (command.IsDirectory(path) && !options.Has("n"))
            path = $"{path.TrimEnd('/')}/{Path.GetFileName(target)}";
        try
        {
            var link = command.Absolute(path);
            if (options.Has("f") && command.LStat(path) is { IsDirectory: false })
                command.Files.Remove(link);
            if (options.Has("s"))
                command.Files.CreateSymbolicLink(link, target);
            else
                command.Files.CreateHardLink(command.Absolute(target), link);
            return 0;
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return await command.FailAsync($"{path}: {Command.Words(ex)}");
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
            Change(command.Absolute(path), isDeep: options.Contains("-R"));
        });

        void Change(string path, bool isDeep)
        {
            var entry = command.Stat(path) ?? throw new FileSystemException(Errno.NotFound);
            command.Files.SetMode(path, FileMode(words[0], entry.Mode));
            if (!isDeep || !entry.IsDirectory)
                return;
            // As chmod -R: links in it are left alone.
            foreach (var (name, child) in command.Enumerate(path).Where(child => !child.Entry.IsSymbolicLink))
                Change($"{path.TrimEnd('/')}/{name}", child.IsDirectory);
        }
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
            command.Files.RequireWritable(command.Absolute(path));
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
        if (options.Has("d"))
            command.Files.CreateDirectory(command.Absolute(path));
        else
            command.Files.OpenWrite(command.Absolute(path), System.IO.FileMode.CreateNew).Dispose();
        return await SayAsync(command, path);
    }

    private static async Task<int> SayAsync(Command command, string text)
    {
        await command.SayAsync(string.Create(CultureInfo.InvariantCulture, $"{text}\n"));
        return 0;
    }
}
