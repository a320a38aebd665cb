using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using ClusterSim;
using ClusterSim.Nodes;

namespace Tests.Cluster.Snapshots;

/// <summary>
/// A long session with the kubectl that is installed here: every command of issue 5, against a simulated cluster of three nodes. What it
/// prints is compared word for word with the snapshots beside, which kubectl 1.32 printed on a simulated cluster: they show what changed, not what Kubernetes says; with another version the exit codes are, of the commands that
/// it has.
/// <c>UPDATE_SNAPSHOTS=1</c> writes them anew: read the difference before you keep it.
/// </summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[Parallelizable(ParallelScope.Self)]
public sealed partial class KubectlSnapshotTests
{
    private const int MinorOfSnapshots = 32;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private SimulatedCluster _cluster = null!;
    private DirectoryInfo _folder = null!;
    private string _version = "";
    private int _minor;

    private static string Folder { get; } = Path.Combine(TestContext.CurrentContext.TestDirectory, "Snapshots", "Kubectl");

    private static IEnumerable<string> Chapters() => Directory.EnumerateFiles(Folder, "*.txt").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    [OneTimeSetUp]
    public async Task Start()
    {
        if (!Stories.Kubectl.IsInstalled)
            Assert.Ignore("kubectl is not installed: its snapshots are not compared");
        _cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions
        {
            Nodes = [new NodeOptions { Name = "node-1" }, new NodeOptions { Name = "node-2" }, new NodeOptions { Name = "node-3" }],
        });
        _folder = Directory.CreateTempSubdirectory("kubectl-snapshot-");
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Folder, "files")))
            File.Copy(file, Path.Combine(_folder.FullName, Path.GetFileName(file)));
        _cluster.WriteKubeconfig(Path.Combine(_folder.FullName, "kubeconfig"));
        _version = (await RunAsync("kubectl version --client 2>/dev/null | head -1")).Output.Trim();
        _minor = int.Parse(Minor().Match(_version).Groups[1].Value, CultureInfo.InvariantCulture);
        TestContext.Out.WriteLine(_version);
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_cluster is null)
            return;
        await _cluster.DisposeAsync();
        _folder?.Delete(recursive: true);
    }

    [TestCaseSource(nameof(Chapters))]
    public async Task A_session_reads_as_on_a_real_cluster(string chapter)
    {
        var expected = (await File.ReadAllTextAsync(Path.Combine(Folder, chapter + ".txt"))).ReplaceLineEndings("\n");
        // A chapter has a namespace of its own; of what is no namespace's it leaves nothing.
        await RunAsync($"kubectl create namespace {chapter} && kubectl config set-context --current --namespace {chapter}");
        var told = new StringBuilder();
        var unlike = new List<string>();
        foreach (var (command, since, exitBefore) in KubectlSnapshot.CommandsOf(expected).Where(one => one.Since <= _minor))
        {
            var (output, exit) = await RunAsync(command);
            told.Append(KubectlSnapshot.Entry(command, since, output, exit));
            if (exit != exitBefore)
                unlike.Add($"$ {command}\n{output.Trim()}\n[exit {exit}, where {exitBefore} was expected]");
        }
        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") is not null)
        {
            await File.WriteAllTextAsync(Path.Combine(Folder, chapter + ".txt"), told.ToString());
            Assert.Inconclusive($"written: {chapter}.txt in {Folder}");
        }
        if (_minor == MinorOfSnapshots)
            Assert.That(told.ToString(), Is.EqualTo(expected));
        else
            Assert.That(unlike, Is.Empty, $"{_version}: its words may differ from those of 1.{MinorOfSnapshots}; its exit codes should not");
    }

    private async Task<(string Output, int Exit)> RunAsync(string command)
    {
        var start = new ProcessStartInfo("bash")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = _folder.FullName,
            ArgumentList = { "-c", $"set -o pipefail; {{ {command}\n}} 2>&1" },
            Environment =
            {
                ["KUBECONFIG"] = Path.Combine(_folder.FullName, "kubeconfig"),
                ["HOME"] = _folder.FullName,
                ["TZ"] = "UTC",
            },
        };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        using var late = new CancellationTokenSource(Limit);
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync(late.Token);
            await process.WaitForExitAsync(late.Token);
            return (output, process.ExitCode);
        }
        catch (OperationCanceledException over)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"'{command}' did not end within {Limit.TotalSeconds} s", over);
        }
    }

    // v1.32.4, and up to 1.27 version.Info{Major:"1", Minor:"20", GitVersion:"v1.20.2", …}.
    [GeneratedRegex(@"v1\.(\d+)\.")]
    private static partial Regex Minor();
}
