using System.Globalization;
using ClusterSim.Nodes.Files;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>stat, df and du: what is known of files and of where they lie.</summary>
internal static class FileFacts
{
    /// <summary><c>stat [-c FORMAT] file…</c>.</summary>
    public static async Task<int> StatAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "c", []);
        var code = 0;
        foreach (var path in options.Rest)
        {
            if (ListCommand.Entry.Find(command, path, followsLast: options.Has("L")) is not { } entry)
            {
                code = await command.FailAsync($"can't stat '{path}': No such file or directory");
                continue;
            }
            var mode = Convert.ToString((int)entry.Of.Mode, 8);
            var kind = entry.LinkTarget is not null ? "symbolic link" : entry.IsFolder ? "directory" : entry.Bytes == 0 ? "regular empty file" : "regular file";
            var (uid, gid) = SystemCommands.UserOf(command);
            var stamp = entry.Changed.ToString("yyyy-MM-dd HH:mm:ss.fffffff00 +0000", CultureInfo.InvariantCulture);
            if (options.Value("c") is { } format)
            {
                foreach (var (sign, value) in ((string, string)[])
                    [("%n", path), ("%s", Text(entry.Bytes)), ("%a", mode), ("%A", entry.Mode), ("%F", kind), ("%u", Text(uid)), ("%g", Text(gid)), ("%U", uid == 0 ? "root" : "UNKNOWN"), ("%G", gid == 0 ? "root" : "UNKNOWN"),
                     ("%Y", Text(new DateTimeOffset(entry.Changed).ToUnixTimeSeconds())), ("%y", stamp), ("%N", entry.LinkTarget is { } to ? $"'{path}' -> '{to}'" : path)])
                    format = format.Replace(sign, value, StringComparison.Ordinal);
                await command.SayAsync(format + "\n");
                continue;
            }
            await command.SayAsync(string.Create(CultureInfo.InvariantCulture, $"""
                  File: {path}{(entry.LinkTarget is { } link ? $" -> {link}" : "")}
                  Size: {entry.Bytes,-10}	Blocks: {(entry.Bytes + 511) / 512,-10} IO Block: 4096   {kind}
                Access: (0{mode}/{entry.Mode})  Uid: ({uid,5}/{(uid == 0 ? "root" : "UNKNOWN"),8})   Gid: ({gid,5}/{(gid == 0 ? "root" : "UNKNOWN"),8})
                Modify: {stamp}

                """));
        }
        return code;
    }

    /// <summary><c>df [-hkm] [path…]</c>: the machine's file system under each mount; the container's own for the rest.</summary>
    public static async Task<int> DiskFreeAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        var mounts = command.Files.VolumePaths.Append("/").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        if (options.Rest.Count > 0)
            mounts = [.. options.Rest.Select(path => mounts.Where(mount => mount == "/" || command.Normal(path) == mount || command.Normal(path).StartsWith(mount + "/", StringComparison.Ordinal)).MaxBy(mount => mount.Length)!)];
        var unit = options.Has("m") ? 1024L * 1024 : 1024;
        await command.SayAsync(options.Has("h") ? "Filesystem                Size      Used Available Use% Mounted on\n"
            : unit == 1024 ? "Filesystem           1K-blocks      Used Available Use% Mounted on\n" : "Filesystem           1M-blocks      Used Available Use% Mounted on\n");
        foreach (var mount in mounts)
        {
            var (size, free) = command.Files.SpaceOf(mount);
            string Shown(long bytes) => options.Has("h") ? Human(bytes) : Text(bytes / unit);
            await command.SayAsync(string.Create(CultureInfo.InvariantCulture,
                $"{(mount == "/" ? "overlay" : "/dev/root"),-20} {Shown(size),9} {Shown(size - free),9} {Shown(free),9} {(size == 0 ? 0 : (size - free) * 100 / size),3}% {mount}\n"));
        }
        return 0;
    }

    /// <summary><c>du [-sh] [path…]</c>.</summary>
    public static async Task<int> DiskUsageAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "d", []);
        foreach (var path in options.Rest.DefaultIfEmpty("."))
        {
            if (command.Stat(path) is not { } root)
                return await command.FailAsync($"{path}: No such file or directory");
            var folders = new List<(string Path, long Bytes)>();
            var all = Bytes(path, root, folders);
            if (!options.Has("s"))
                foreach (var (folder, bytes) in folders.OrderByDescending(folder => folder.Path, StringComparer.Ordinal))
                    await command.SayAsync($"{Shown(bytes)}\t{folder}\n");
            await command.SayAsync($"{Shown(all)}\t{path}\n");
        }
        return 0;

        string Shown(long bytes) => options.Has("h") ? Human(bytes) : Text((bytes + 1023) / 1024);

        long Bytes(string path, FileEntry entry, List<(string Path, long Bytes)> folders)
        {
            if (!entry.IsDirectory)
                return entry.Length;
            var sum = 4096L;
            foreach (var (name, child) in command.Enumerate(path))
            {
                var below = $"{path.TrimEnd('/')}/{name}";
                var bytes = Bytes(below, child, folders);
                sum += bytes;
                if (child.IsDirectory)
                    folders.Add((below, bytes));
            }
            return sum;
        }
    }

    /// <summary>A size as <c>-h</c> writes it: <c>1.5M</c>.</summary>
    public static string Human(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        while (value >= 1024 && unit < 5)
            (value, unit) = (value / 1024, unit + 1);
        return unit == 0 ? Text(bytes) : value.ToString("0.0", CultureInfo.InvariantCulture) + " KMGTP"[unit];
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
