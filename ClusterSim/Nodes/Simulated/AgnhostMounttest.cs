using System.Globalization;
using ClusterSim.Nodes.Simulated.Commands;

namespace ClusterSim.Nodes.Simulated;

/// <summary><c>agnhost mounttest</c>: what a pod sees of the files that are mounted into it, as Kubernetes' volume tests ask.</summary>
internal static class AgnhostMounttest
{
    private static readonly (string Option, int Mode)[] NewFiles = [("new_file_0644", 0x1a4), ("new_file_0666", 0x1b6), ("new_file_0660", 0x1b0), ("new_file_0777", 0x1ff)];
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Runs it: each option is a path, or several with commas.</summary>
    public static async Task<int> RunAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "",
            ["fs_type", "file_mode", "file_perm", "file_owner", "file_content", "file_content_in_loop", "retry_time", "break_on_expected_content", .. NewFiles.Select(one => one.Option)]);
        if (options.Has("fs_type"))
            return await command.FailAsync("--fs_type: the simulator's volumes are folders of one file system");
        foreach (var (option, mode) in NewFiles)
            foreach (var path in Paths(option))
            {
                command.Files.WriteAllBytes(command.Absolute(path), "mount-tester new file\n"u8);
                command.Files.SetMode(command.Absolute(path), (UnixFileMode)mode);
            }
        var code = 0;
        foreach (var path in Paths("file_mode"))
            code |= await OfEntryAsync(path, entry => $"mode of file \"{path}\": {(entry.IsFolder ? "d" : entry.LinkTarget is not null ? "L" : "-")}{entry.Mode[1..]}");
        foreach (var path in Paths("file_perm"))
            code |= await OfEntryAsync(path, entry => $"perms of file \"{path}\": -{entry.Mode[1..]}");
        var (uid, gid) = SystemCommands.UserOf(command);
        foreach (var path in Paths("file_owner"))
            code |= await OfEntryAsync(path, _ => string.Create(CultureInfo.InvariantCulture, $"owner UID of \"{path}\": {uid}\nowner GID of \"{path}\": {gid}"));
        foreach (var path in Paths("file_content"))
            code |= await ContentAsync(path);
        if (options.Has("file_content_in_loop"))
            for (var left = int.Parse(options.Value("retry_time") ?? "180", CultureInfo.InvariantCulture); left > 0; left--)
            {
                foreach (var path in Paths("file_content_in_loop"))
                    await ContentAsync(path);
                await Task.Delay(Pause, command.Process.Clock, command.Process.Stop);
            }
        return code;

        IEnumerable<string> Paths(string option) => options.Values(option).SelectMany(value => value.Split(',', StringSplitOptions.RemoveEmptyEntries));

        async Task<int> OfEntryAsync(string path, Func<ListCommand.Entry, string> said)
        {
            if (ListCommand.Entry.Find(command, path, followsLast: true) is { } entry)
                return await PrintCommands.PrintAsync(command, said(entry));
            await command.SayAsync($"error from lstat(\"{path}\"): lstat {path}: no such file or directory\n");
            return 1;
        }

        async Task<int> ContentAsync(string path)
        {
            var isThere = command.IsFile(path);
            await command.SayAsync(isThere
                ? $"content of file \"{path}\": {command.Files.ReadAllText(command.Absolute(path))}\n"
                : $"error reading file content for \"{path}\": open {path}: no such file or directory\n");
            return isThere ? 0 : 1;
        }
    }
}
