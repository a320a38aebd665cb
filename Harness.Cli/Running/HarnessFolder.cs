using System.Text.Json;
using Harness.Commands;
using Harness.Configuration;

namespace Harness.Running;

/// <summary>Where a running cluster keeps what others need to find it: the uncommitted folder <c>.harness</c> of the repository.</summary>
/// <param name="Root">The repository's root.</param>
public sealed record HarnessFolder(string Root)
{
    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    /// <summary>The folder.</summary>
    public string Folder => Path.Combine(Root, ".harness");

    /// <summary>The administrator's kubeconfig, mode 0600.</summary>
    public string Kubeconfig => Path.Combine(Folder, "kubeconfig");

    /// <summary>What a detached cluster prints.</summary>
    public string LogFile => Path.Combine(Folder, "harness.log");

    /// <summary>PostgreSQL's data.</summary>
    public string PostgresData => Path.Combine(Folder, "postgres");

    /// <summary>The persistent volumes.</summary>
    public string Volumes => Path.Combine(Folder, "volumes");

    /// <summary>Other kubeconfig files that have contexts of the running cluster.</summary>
    internal MergedKubeconfigs Merged => new(Path.Combine(Folder, "merged-kubeconfigs"));

    /// <summary>The folder that projects are published to: a folder per project, of its name.</summary>
    public string Published => Path.Combine(Root, "artifacts", "published");

    private string StateFile => Path.Combine(Folder, "state.json");

    private bool HasHarnessYaml => File.Exists(Path.Combine(Root, HarnessYaml.FileName));

    /// <summary>
    /// Finds the folder: <c>HARNESS_ROOT</c>, else the nearest folder at or above the working directory that has a harness.yaml or a cluster that
    /// <c>harness serve</c> started.
    /// </summary>
    /// <exception cref="CommandException">There is none.</exception>
    public static HarnessFolder Find(IReadOnlyDictionary<string, string> environment, string workingDirectory) =>
        Search(environment, workingDirectory, folder => folder.HasHarnessYaml || File.Exists(folder.StateFile))
        ?? throw HarnessYaml.Missing($"no {HarnessYaml.FileName} in {workingDirectory} or a folder above it");

    /// <summary>Finds the folder for a new cluster: as <see cref="Find"/>, but by harness.yaml alone; the working directory where there is none.</summary>
    public static HarnessFolder FindOrHere(IReadOnlyDictionary<string, string> environment, string workingDirectory) =>
        Search(environment, workingDirectory, folder => folder.HasHarnessYaml) ?? new HarnessFolder(Path.GetFullPath(workingDirectory));

    /// <summary>Returns the folder that a project is published to; null where it is not published.</summary>
    public string? FindPublished(string projectName)
    {
        var folder = Path.Combine(Published, projectName);
        if (!Directory.Exists(folder))
            return null;
        // Published may be a link to the newest build: the build itself does not change.
        return new DirectoryInfo(Published).ResolveLinkTarget(returnFinalTarget: true) is { } build ? Path.Combine(build.FullName, projectName) : folder;
    }

    /// <summary>The command that publishes a project to where <see cref="FindPublished"/> looks.</summary>
    public string HowToPublish(string project, string projectName) =>
        $"dotnet publish {Path.Combine(Root, project)} --configuration Release --output {Path.Combine(Published, projectName)}";

    /// <summary>Makes the folder, readable by its owner alone; also where it was there and was not.</summary>
    public void Create()
    {
        Directory.CreateDirectory(Folder, OwnersAlone);
        File.SetUnixFileMode(Folder, OwnersAlone);
    }

    /// <summary>The cluster that runs now; null where none does. What a killed one left behind does not count.</summary>
    public RunningCluster? FindRunning()
    {
        if (!File.Exists(StateFile))
            return null;
        try
        {
            var state = JsonSerializer.Deserialize<RunningCluster>(File.ReadAllText(StateFile), Readable);
            return state is not null && state.IsAlive ? state : null;
        }
        catch (Exception unreadable) when (unreadable is JsonException or IOException)
        {
            // Being written, or cut off in the middle by a kill: no cluster that one could use.
            return null;
        }
    }

    /// <summary>Says that this process is the running cluster.</summary>
    public void Write(RunningCluster state)
    {
        var temporary = StateFile + ".new";
        File.WriteAllText(temporary, JsonSerializer.Serialize(state, Readable));
        File.Move(temporary, StateFile, overwrite: true);
    }

    /// <summary>Says that no cluster runs.</summary>
    public void Forget()
    {
        if (!Directory.Exists(Folder))
            return;
        File.Delete(StateFile);
        File.Delete(Kubeconfig);
    }

    private static HarnessFolder? Search(IReadOnlyDictionary<string, string> environment, string workingDirectory, Func<HarnessFolder, bool> isIt)
    {
        if (environment.TryGetValue("HARNESS_ROOT", out var said) && said.Length > 0)
            return new HarnessFolder(Path.GetFullPath(said));
        for (var directory = new DirectoryInfo(workingDirectory); directory is not null; directory = directory.Parent)
            if (new HarnessFolder(directory.FullName) is var folder && isIt(folder))
                return folder;
        return null;
    }
}
