using System.Text;

namespace ClusterSim.Tests.Nodes.Files;

/// <summary>A folder of this machine that no pod has any business with: a canary in a file, a folder and an empty folder.</summary>
internal sealed class OutsideFolder : IDisposable
{
    /// <summary>The content of the canary: what no program, log or status may show.</summary>
    public const string Canary = "canary-0b7e1d";

    private readonly string _before;

    public OutsideFolder()
    {
        Path = Directory.CreateTempSubdirectory("outside-").FullName;
        Directory.CreateDirectory(System.IO.Path.Combine(Path, "folder", "empty"));
        foreach (var name in (string[])["canary", "hosts", "index.html", "folder/canary", "folder/hosts"])
        {
            File.WriteAllText(System.IO.Path.Combine(Path, name), Canary);
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(System.IO.Path.Combine(Path, name), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        _before = Snapshot();
    }

    /// <summary>The folder on this machine.</summary>
    public string Path { get; }

    /// <summary>Fails where anything in the folder came, went or changed.</summary>
    public void AssertUntouched() => Assert.That(Snapshot(), Is.EqualTo(_before), "the folder outside");

    public void Dispose() => Directory.Delete(Path, recursive: true);

    private string Snapshot()
    {
        var text = new StringBuilder();
        foreach (var entry in Directory.EnumerateFileSystemEntries(Path, "*", SearchOption.AllDirectories).Prepend(Path).Order(StringComparer.Ordinal))
        {
            text.Append(entry).Append(' ');
            if (!OperatingSystem.IsWindows())
                text.Append(File.GetUnixFileMode(entry)).Append(' ');
            if (File.Exists(entry))
                text.Append(File.GetLastWriteTimeUtc(entry).Ticks).Append(' ').Append(File.ReadAllText(entry));
            text.Append('\n');
        }
        return text.ToString();
    }
}
