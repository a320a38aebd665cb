using System.Globalization;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Files;
using ClusterSim.Streaming;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary><c>ls [-1AaCdFhlRrSt] [path…]</c>.</summary>
internal static class ListCommand
{
    private const int ColumnsMax = 80;

    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "", []);
        var paths = options.Rest.DefaultIfEmpty(".").ToList();
        var code = 0;
        var files = new List<Entry>();
        var folders = new List<string>();
        foreach (var path in paths)
        {
            if (Entry.Find(command, path) is not { } entry)
                code = await command.FailAsync($"{path}: No such file or directory");
            else if (!options.Has("d") && command.IsDirectory(path) && (entry.LinkTarget is null || !options.Has("l")))
                folders.Add(path);
            else
                files.Add(entry);
        }
        await PrintAsync(command, options, files);
        for (var i = 0; i < folders.Count; i++)
        {
            if (paths.Count > 1 || options.Has("R"))
                await command.SayAsync($"{(i > 0 || files.Count > 0 ? "\n" : "")}{folders[i]}:\n");
            var folder = folders[i];
            var entries = command.Enumerate(folder)
                .Where(entry => options.Has("a") || options.Has("A") || entry.Name[0] != '.')
                .Select(entry => new Entry(entry.Name, entry.Entry, entry.Entry.IsSymbolicLink ? command.LinkTarget($"{folder}/{entry.Name}") : null)).ToList();
            if (options.Has("a"))
                foreach (var dots in (string[])[".", ".."])
                    if (command.Stat($"{folder}/{dots}") is { } own)
                        entries.Add(new Entry(dots, own, null));
            if (options.Has("l"))
                await command.SayAsync(string.Create(CultureInfo.InvariantCulture, $"total {entries.Sum(entry => (entry.Bytes + 1023) / 1024)}\n"));
            await PrintAsync(command, options, entries);
            if (options.Has("R"))
                folders.InsertRange(i + 1, entries.Where(entry => entry.IsFolder && entry.LinkTarget is null && entry.Name is not ("." or "..")).Select(entry => $"{folders[i].TrimEnd('/')}/{entry.Name}").Order(StringComparer.Ordinal));
        }
        return code;
    }

    private static async Task PrintAsync(Command command, Options options, List<Entry> entries)
    {
        if (entries.Count == 0)
            return;
        var sorted = (options.Has("t") ? entries.OrderByDescending(entry => entry.Changed).ThenBy(entry => entry.Name, StringComparer.Ordinal)
            : options.Has("S") ? entries.OrderByDescending(entry => entry.Bytes).ThenBy(entry => entry.Name, StringComparer.Ordinal)
            : entries.OrderBy(entry => entry.Name, StringComparer.Ordinal)).ToList();
        if (options.Has("r"))
            sorted.Reverse();
        var names = sorted.ConvertAll(entry => entry.Name + (options.Has("F") || options.Has("p") ? entry.IsFolder ? "/" : "" : ""));
        if (options.Has("l"))
            await command.SayAsync(string.Concat(sorted.Select((entry, i) => Long(entry, names[i], options.Has("h")))));
        else if (!options.Has("1") && command.Output is TerminalOutput terminal)
            await command.SayAsync(Columns(names, terminal.Terminal.Size.Width is > 0 and var width ? width : ColumnsMax));
        else
            await command.SayAsync(string.Concat(names.Select(name => name + "\n")));
    }

    private static string Columns(List<string> names, int width)
    {
        var each = names.Max(name => name.Length) + 2;
        var columns = Math.Max(1, width / each);
        var rows = (names.Count + columns - 1) / columns;
        return string.Concat(Enumerable.Range(0, rows).Select(row => string.Concat(
            Enumerable.Range(0, columns).Select(column => (column * rows) + row).Where(at => at < names.Count).Select(at => names[at].PadRight(each))).TrimEnd() + "\n"));
    }

    private static string Long(Entry entry, string name, bool isHuman)
    {
        var size = isHuman ? FileFacts.Human(entry.Bytes) : entry.Bytes.ToString(CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture,
            $"{entry.Mode}    {(entry.IsFolder ? 2 : 1)} root     root     {size,9} {entry.Changed:MMM dd HH:mm} {name}{(entry.LinkTarget is { } to ? $" -> {to}" : "")}\n");
    }

    /// <summary>Something in a folder.</summary>
    /// <param name="Name">Its name there.</param>
    /// <param name="Of">What is known of it.</param>
    /// <param name="LinkTarget">Where a link leads; null for others.</param>
    internal sealed record Entry(string Name, FileEntry Of, string? LinkTarget)
    {
        private const long FolderBytes = 4096;

        /// <summary>Whether it is a folder.</summary>
        public bool IsFolder => Of.IsDirectory;

        /// <summary>Its size.</summary>
        public long Bytes => IsFolder ? FolderBytes : Of.Length;

        /// <summary>When its content changed.</summary>
        public DateTime Changed => Of.Modified;

        /// <summary>Kind and rights, as ls writes them.</summary>
        public string Mode => (Of.IsSymbolicLink ? "l" : IsFolder ? "d" : "-")
            + string.Concat(Enumerable.Range(0, 9).Select(bit => ((int)Of.Mode & (256 >> bit)) != 0 ? "rwx"[bit % 3] : '-'));

        /// <summary>Finds what a path names, a link as itself; null where there is nothing.</summary>
        public static Entry? Find(Command command, string path, bool followsLast = false) =>
            (followsLast ? command.Stat(path) : command.LStat(path)) is { } of ? new Entry(path, of, of.IsSymbolicLink ? command.LinkTarget(path) : null) : null;
    }
}
