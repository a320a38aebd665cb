using ClusterSim.Nodes.Cgroups;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary><c>find [path…] [-name P] [-type f|d|l] [-maxdepth N] [-mindepth N] [-path P] [-delete] [-exec … ;]</c>.</summary>
internal static class FindCommand
{
    private const int EntryBytes = 128;

    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(Command command)
    {
        var words = command.Arguments;
        var roots = words.TakeWhile(word => !word.StartsWith('-') && word is not ("!" or "(")).ToList();
        var tests = new List<Func<string, ListCommand.Entry, bool>>();
        var (deepest, first) = (int.MaxValue, 0);
        List<string>? run = null;
        var (deletes, negated) = (false, false);
        for (var i = roots.Count; i < words.Count; i++)
        {
            Func<string, ListCommand.Entry, bool>? test = null;
            switch (words[i])
            {
                case "!":
                    negated = true;
                    continue;
                case "-name" when i + 1 < words.Count:
                    var name = words[++i];
                    test = (_, entry) => GlobPattern.Matches(name, entry.Name);
                    break;
                case "-path" when i + 1 < words.Count:
                    var pattern = words[++i];
                    test = (path, _) => GlobPattern.Matches(pattern, path);
                    break;
                case "-type" when i + 1 < words.Count:
                    var type = words[++i];
                    test = (_, entry) => type == (entry.LinkTarget is not null ? "l" : entry.IsFolder ? "d" : "f");
                    break;
                case "-maxdepth" when i + 1 < words.Count:
                    deepest = (int)TextCommands.Amount(words[++i]);
                    break;
                case "-mindepth" when i + 1 < words.Count:
                    first = (int)TextCommands.Amount(words[++i]);
                    break;
                case "-print" or "-a":
                    break;
                case "-delete":
                    deletes = true;
                    break;
                case "-exec":
                    run = [.. words.Skip(i + 1).TakeWhile(word => word is not (";" or "+"))];
                    i += run.Count + 1;
                    break;
                default:
                    return await command.FailAsync($"{words[i]} is not known to the simulated find, which has -name, -path, -type, -maxdepth, -mindepth, -delete and -exec");
            }
            if (test is not null)
            {
                var isNot = negated;
                tests.Add((path, entry) => test(path, entry) != isNot);
                negated = false;
            }
        }
        var code = 0;
        foreach (var root in roots.DefaultIfEmpty("."))
        {
            if (command.LStat(root) is null)
            {
                code = await command.FailAsync($"{root}: No such file or directory");
                continue;
            }
            using var charge = new MemoryCharge(command.Memory);
            var found = new List<(string Path, ListCommand.Entry Entry, int Depth)>();
            foreach (var one in Walk(command, root, 0, deepest).Where(one => one.Depth >= first && tests.TrueForAll(test => test(one.Path, one.Entry))))
            {
                charge.Add(EntryBytes + one.Path.Length);
                found.Add(one);
            }
            if (deletes)
                found.Reverse(); // what is in a folder goes before it
            foreach (var (path, entry, _) in found)
                if (deletes)
                    Delete(command, path, entry);
                else if (run is null)
                    await command.SayAsync(path + "\n");
                else if (run.Count == 0 || command.Find(run[0]) is not { } main)
                    return await command.FailAsync($"{run.FirstOrDefault()}: No such file or directory");
                else
                    await command.RunAsync(main, command with { Name = run[0], Arguments = [.. run.Skip(1).Select(word => word.Replace("{}", path, StringComparison.Ordinal))] });
        }
        return code;
    }

    private static void Delete(Command command, string path, ListCommand.Entry entry)
    {
        if (entry.IsFolder)
            command.Files.RemoveDirectory(command.Absolute(path));
        else
            command.Files.Remove(command.Absolute(path));
    }

    private static IEnumerable<(string Path, ListCommand.Entry Entry, int Depth)> Walk(Command command, string path, int depth, int deepest)
    {
        if (ListCommand.Entry.Find(command, path) is not { } found)
            yield break; // removed meanwhile
        var entry = found with { Name = Path.GetFileName(path.TrimEnd('/')) is { Length: > 0 } name ? name : path };
        yield return (path, entry, depth);
        if (!entry.IsFolder || depth >= deepest)
            yield break;
        foreach (var (child, _) in command.Enumerate(path))
            foreach (var below in Walk(command, $"{path.TrimEnd('/')}/{child}", depth + 1, deepest))
                yield return below;
    }
}
