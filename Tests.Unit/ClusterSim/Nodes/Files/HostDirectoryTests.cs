using ClusterSim.Nodes.Files;

namespace ClusterSim.Tests.Nodes.Files;

/// <summary>Operations on this machine's files: by one name in an open directory, and never through a link of this machine.</summary>
[TestFixture(true)]
[TestFixture(false)]
public sealed class HostDirectoryTests(bool isPortable)
{
    private OutsideFolder _outside = null!;
    private string _folder = null!;

    [SetUp]
    public void SetUp()
    {
        if (!isPortable && !OperatingSystem.IsLinux())
            Assert.Ignore("handles of directories are used on Linux alone");
        _outside = new OutsideFolder();
        _folder = Directory.CreateTempSubdirectory("host-").FullName;
    }

    [TearDown]
    public void TearDown()
    {
        Directory.Delete(_folder, recursive: true);
        _outside.AssertUntouched();
        _outside.Dispose();
    }

    [TestCase("..")]
    [TestCase("a/b")]
    [TestCase("/etc")]
    [TestCase("a\0b")]
    [TestCase("")]
    public void A_name_is_no_path(string name)
    {
        using var directory = Open();

        Assert.Multiple(() =>
        {
            Assert.That(directory.TryOpenDirectory(name, out _), Is.Null);
            Assert.That(() => directory.OpenFile(name, FileMode.OpenOrCreate, FileAccess.Write), Throws.TypeOf<FileSystemException>());
            Assert.That(() => directory.CreateDirectory(name), Throws.TypeOf<FileSystemException>());
            Assert.That(() => directory.RemoveFile(name), Throws.TypeOf<FileSystemException>());
            Assert.That(() => directory.RemoveDirectory(name), Throws.TypeOf<FileSystemException>());
            Assert.That(() => directory.Rename(name, directory, "b"), Throws.TypeOf<FileSystemException>());
            Assert.That(() => directory.SetMode(name, UnixFileMode.None), Throws.TypeOf<FileSystemException>());
            Assert.That(() => directory.SetModified(name, DateTime.UnixEpoch), Throws.TypeOf<FileSystemException>());
        });
    }

    [Test]
    public void A_link_of_this_machine_is_refused_but_listed_and_removed()
    {
        File.CreateSymbolicLink(Path.Combine(_folder, "file"), Path.Combine(_outside.Path, "canary"));
        Directory.CreateSymbolicLink(Path.Combine(_folder, "folder"), Path.Combine(_outside.Path, "folder"));
        File.CreateSymbolicLink(Path.Combine(_folder, "nowhere"), Path.Combine(_outside.Path, "new"));
        File.WriteAllText(Path.Combine(_folder, "own"), "own");
        using var directory = Open();

        Assert.Multiple(() =>
        {
            Assert.That(directory.Names(), Is.EquivalentTo((string[])["file", "folder", "nowhere", "own"]));
            foreach (var link in (string[])["file", "folder", "nowhere"])
            {
                Assert.That(directory.Find(link)?.Kind, Is.EqualTo(FileKind.Other), link);
                Assert.That(directory.TryOpenDirectory(link, out var error), Is.Null, link);
                Assert.That(error, Is.EqualTo(Errno.TooManyLinks), link);
                foreach (var mode in (FileMode[])[FileMode.Open, FileMode.Create, FileMode.CreateNew, FileMode.Append, FileMode.OpenOrCreate])
                    Assert.That(() => directory.OpenFile(link, mode, mode == FileMode.Open ? FileAccess.Read : FileAccess.Write), Throws.TypeOf<FileSystemException>(), $"{link} {mode}");
                Assert.That(() => directory.SetMode(link, (UnixFileMode)0x1ff), Throws.TypeOf<FileSystemException>(), link);
            }
            _outside.AssertUntouched();
        });

        foreach (var link in (string[])["file", "folder", "nowhere"])
            directory.RemoveFile(link);

        Assert.That(directory.Names(), Is.EqualTo((string[])["own"]));
    }

    [Test]
    public void Files_are_made_changed_renamed_and_removed()
    {
        using var directory = Open();
        directory.CreateDirectory("sub");
        using var sub = directory.TryOpenDirectory("sub", out _)!;
        using (var written = directory.OpenFile("a", FileMode.CreateNew, FileAccess.Write))
            written.Write("12"u8);
        using (var appended = directory.OpenFile("a", FileMode.Append, FileAccess.Write))
            appended.Write("3"u8);
        directory.SetMode("a", UnixFileMode.UserRead | UnixFileMode.UserWrite);
        directory.SetModified("a", new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        directory.CreateHardLink("a", sub, "b");
        directory.Rename("a", sub, "c");

        Assert.Multiple(() =>
        {
            Assert.That(sub.Find("c")!.Value with { Inode = 0 }, Is.EqualTo(new FileEntry(FileKind.File, UnixFileMode.UserRead | UnixFileMode.UserWrite, 3, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc))));
            Assert.That(sub.Names(), Is.EquivalentTo((string[])["b", "c"]));
            Assert.That(directory.Find("a"), Is.Null);
            Assert.That(directory.Find("sub")?.Kind, Is.EqualTo(FileKind.Directory));
            using var read = new StreamReader(sub.OpenFile("b", FileMode.Open, FileAccess.Read));
            Assert.That(read.ReadToEnd(), Is.EqualTo("123"));
        });

        Assert.That(() => directory.RemoveDirectory("sub"), Throws.TypeOf<FileSystemException>().With.Message.EqualTo("Directory not empty"));
        Assert.That(() => directory.OpenFile("sub", FileMode.Open, FileAccess.Read), Throws.TypeOf<FileSystemException>().With.Message.EqualTo("Is a directory"));
        Assert.That(() => directory.OpenFile("none", FileMode.Open, FileAccess.Read), Throws.TypeOf<FileSystemException>().With.Message.EqualTo("No such file or directory"));
        Assert.That(() => directory.CreateDirectory("sub"), Throws.TypeOf<FileSystemException>().With.Message.EqualTo("File exists"));
    }

    [Test]
    public void A_folder_is_removed_with_links_of_this_machine_and_paths_of_any_length()
    {
        var root = Directory.CreateDirectory(Path.Combine(_folder, "root")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(root, "folder"), _outside.Path);
        var directory = HostDirectory.Open(root);
        for (var depth = 0; depth < 40; depth++)
        {
            var name = new string('d', 200);
            directory.CreateDirectory(name);
            var next = directory.TryOpenDirectory(name, out _)!;
            directory.Dispose();
            directory = next;
        }
        directory.Dispose();

        FolderRemoval.Remove(root);

        Assert.That(Directory.Exists(root), Is.False);
    }

    private HostDirectory Open() => isPortable ? PortableDirectory.OpenFolder(_folder) : HostDirectory.Open(_folder);
}
