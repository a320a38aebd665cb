using System.Globalization;
using ClusterSim.Nodes.Files;

namespace ClusterSim.Tests.Nodes.Files;

/// <summary>
/// Random programs of two containers that share volumes (links, moves, hard links, copies, sub-paths) do what the model does, and neither read nor
/// change what is outside. <c>FILE_PROGRAMS</c> says how many; each has a seed, which the failure names.
/// </summary>
public sealed class ContainerFileSystemModelTests
{
    private const int Programs = 150;
    private const int StepsMax = 120;

    private static readonly string[] Names = ["a", "b", "c", "sub", "..", ".", ".~cs-link~a", "x", "v"];
    private static readonly string[] Roots = ["/", "/v/", "/w/", "/r/", "/x/vol/", "/s/", "/v/sub/"];

    [Test, Category(Samples.Category)]
    public void Random_programs_do_what_the_model_does()
    {
        using var outside = new OutsideFolder();
        foreach (var seed in Samples.Seeds(Programs))
        {
            var folder = Directory.CreateTempSubdirectory("model-").FullName;
            try
            {
                Run(seed, folder, outside.Path);
            }
            finally
            {
                FolderRemoval.Remove(folder);
            }
        }
        outside.AssertUntouched();
    }

    private static void Run(int seed, string folder, string outside)
    {
        var random = new Random(seed);
        var names = new Lock();
        var trees = new Dictionary<string, FileTree>(StringComparer.Ordinal);
        var models = new Dictionary<string, ModelFile>(StringComparer.Ordinal);
        foreach (var name in (string[])["root1", "root2", "vol1", "vol2"])
        {
            trees[name] = FileTree.Create(Path.Combine(folder, name), names);
            models[name] = ModelFile.Directory();
        }
        Make("vol1", "sub");
        Make("root1", "v");
        Make("root1", "w");
        Make("root2", "s");
        Make("root2", "r");
        Make("root2", "x");
        models["root2"].Entries!["x"].Entries!["vol"] = ModelFile.Directory();
        using (var root = trees["root2"].Open())
        using (var x = root.OpenDirectory("x"))
            x.CreateDirectory("vol");
        var containers = new[]
        {
            Container("root1", ("/v", "vol1", null, false), ("/w", "vol2", null, false)),
            Container("root2", ("/x/vol", "vol1", null, false), ("/s", "vol1", "sub", false), ("/r", "vol2", null, true)),
        };

        for (var step = 0; step < StepsMax; step++)
        {
            var (files, model) = containers[random.Next(containers.Length)];
            var (one, other) = (RandomPath(), RandomPath());
            var content = random.Next(100).ToString(CultureInfo.InvariantCulture);
            var kind = random.Next(14);
            if (kind == 8 && model.HasMounts(one))
                continue;
            var target = random.Next(4) switch { 0 => one, 1 => string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Names[random.Next(6)])), 2 => outside, _ => "../../../../../.." + outside + "/canary" };
            var (actual, expected, told) = kind switch
            {
                0 or 1 => (Done(() => files.CreateDirectory(one)), model.Make(one, ModelFile.Directory()), $"mkdir {one}"),
                2 or 3 => (Done(() => files.WriteAllBytes(one, System.Text.Encoding.UTF8.GetBytes(content))), model.Write(one, content, appends: false), $"write {one}"),
                4 => (Done(() => Append(files, one, content)), model.Write(one, content, appends: true), $"append {one}"),
                5 or 6 => (Done(() => files.CreateSymbolicLink(other, target)), model.Make(other, new ModelFile { Target = target }), $"ln -s {target} {other}"),
                7 => (Done(() => files.CreateHardLink(one, other)), model.Link(one, other), $"ln {one} {other}"),
                8 => (Done(() => files.RemoveAll(one)), model.RemoveAll(one), $"rm -r {one}"),
                9 => (Done(() => files.Remove(one)), model.Remove(one, isDirectory: false), $"rm {one}"),
                10 => (Done(() => files.RemoveDirectory(one)), model.Remove(one, isDirectory: true), $"rmdir {one}"),
                11 or 12 => (Done(() => files.Rename(one, other)), model.Rename(one, other), $"mv {one} {other}"),
                _ => (Tried(() => string.Join(' ', files.Enumerate(one).Select(entry => entry.Name).Order(StringComparer.Ordinal))), model.List(one), $"ls {one}"),
            };
            Assert.That(actual, Is.EqualTo(expected), $"seed {seed}, step {step}: {told}");
            foreach (var path in (string[])[one, other])
            {
                Assert.That(Tried(() => files.ReadAllText(path)), Is.EqualTo(model.Read(path)), $"seed {seed}, step {step}: cat {path} after {told}");
                Assert.That(Tried(() => files.RealPath(path)), Is.EqualTo(model.RealPath(path)), $"seed {seed}, step {step}: realpath {path} after {told}");
                Assert.That(files.ReadLink(path), Is.EqualTo(model.ReadLink(path)), $"seed {seed}, step {step}: readlink {path} after {told}");
                if (Tried(() => files.HostPath(path)) is { } real)
                    Assert.That(real, Does.StartWith(folder + Path.DirectorySeparatorChar), $"seed {seed}, step {step}: the real path of {path}");
            }
        }
        foreach (var (name, tree) in trees)
        {
            var whole = new ContainerFileSystem(new MountTable(new ContainerMount("/", () => tree), []));
            Assert.That(Describe(whole, ""), Is.EqualTo(models[name].Describe()), $"seed {seed}: {name} at the end");
        }
        Assert.That(Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Where(path => new FileInfo(path).LinkTarget is not null), Is.Empty, $"seed {seed}: links of this machine");

        void Make(string tree, string name)
        {
            models[tree].Entries![name] = ModelFile.Directory();
            using var root = trees[tree].Open();
            root.CreateDirectory(name);
        }

        (ContainerFileSystem Files, ModelFileSystem Model) Container(string root, params ReadOnlySpan<(string Path, string Tree, string? SubPath, bool IsReadOnly)> mounts)
        {
            List<ContainerMount> real = [];
            List<(string, ModelFile, string?, bool)> model = [("/", models[root], null, false)];
            foreach (var (path, tree, subPath, isReadOnly) in mounts)
            {
                real.Add(new ContainerMount(path, () => trees[tree]) { IsVolume = true, IsReadOnly = isReadOnly, SubPath = subPath is null ? [] : [subPath] });
                model.Add((path, models[tree], subPath, isReadOnly));
            }
            return (new ContainerFileSystem(new MountTable(new ContainerMount("/", () => trees[root]), real)), new ModelFileSystem(model));
        }

        string RandomPath()
        {
            if (random.Next(20) == 0)
                return outside + (random.Next(2) == 0 ? "/canary" : "/");
            var path = Roots[random.Next(Roots.Length)] + string.Join('/', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Names[random.Next(random.Next(3) == 0 ? 6 : 4)]));
            return random.Next(12) == 0 ? path + "/" : path;
        }
    }

    private static void Append(ContainerFileSystem files, string path, string content)
    {
        using var file = files.OpenWrite(path, FileMode.Append);
        file.Write(System.Text.Encoding.UTF8.GetBytes(content));
    }

    private static string? Done(Action operation) => Tried(() =>
    {
        operation();
        return "";
    });

    private static string? Tried(Func<string> operation)
    {
        try
        {
            return operation();
        }
        catch (FileSystemException)
        {
            return null;
        }
    }

    private static string Describe(ContainerFileSystem files, string path)
    {
        var own = path.Length == 0 ? "/" : path;
        var entry = files.LStat(own)!.Value;
        var text = $"{path} {(entry.IsDirectory ? "directory" : entry.IsSymbolicLink ? $"-> {files.ReadLink(own)}" : $"= {files.ReadAllText(own)}")}\n";
        return !entry.IsDirectory ? text
            : text + string.Concat(files.Enumerate(own).OrderBy(child => child.Name, StringComparer.Ordinal).Select(child => Describe(files, $"{path}/{child.Name}")));
    }
}
