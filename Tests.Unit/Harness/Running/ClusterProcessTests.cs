using System.Diagnostics;
using System.Globalization;
using Harness.Running;

namespace Harness.Tests.Running;

/// <summary>What the process of a cluster opens to other users of this machine, and what it leaves when it is killed (SIGKILL).</summary>
public sealed class ClusterProcessTests
{
    private const string Pod = """
        apiVersion: v1
        kind: Pod
        metadata: { name: writer }
        spec:
          containers:
            - name: main
              image: busybox:1.36
              command: [ sh, -c, "echo x > /d/file; sleep 3600" ]
              volumeMounts: [ { name: d, mountPath: /d } ]
          volumes: [ { name: d, emptyDir: {} } ]
        """;

    private const UnixFileMode OwnersAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OwnersFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private string _root = null!;

    [SetUp]
    public void SetUp() => _root = Directory.CreateTempSubdirectory("killed-").FullName;

    [TearDown]
    public void TearDown() => Directory.Delete(_root, recursive: true);

    [Test]
    [CancelAfter(120_000)]
    public async Task The_next_start_removes_what_a_killed_cluster_left_and_nothing_of_a_running_one(CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux())
            Assert.Ignore("the folder of temporary files is set by TMPDIR");
        using var killed = await StartAsync("killed", cancellation);
        using var running = await StartAsync("running", cancellation);
        try
        {
            await ApplyAsync("killed", cancellation);
            await ApplyAsync("running", cancellation);
            while (Temporary().Length < 2)
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellation);
            var owned = Temporary().ToDictionary(folder => int.Parse(File.ReadAllText(Path.Combine(folder, ".owner")).Split(' ')[0], CultureInfo.InvariantCulture));

            killed.Kill();
            await killed.WaitForExitAsync(cancellation);
            using var next = await StartAsync("killed", cancellation);
            try
            {
                Assert.That(Temporary(), Is.EqualTo(new[] { owned[running.Id] }));
            }
            finally
            {
                await EndAsync(next);
            }
        }
        finally
        {
            await EndAsync(running);
        }
        Assert.That(Temporary(), Is.Empty);
    }

    [Test]
    [CancelAfter(120_000)]
    public async Task A_cluster_listens_on_three_ports_of_loopback_and_its_files_are_its_users_alone(CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux())
            Assert.Ignore("what a process listens on is read from /proc");
        using var process = await StartAsync("cluster", cancellation);
        try
        {
            await ApplyAsync("cluster", cancellation);
            while (Temporary().Length == 0)
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellation);
            var folder = new HarnessFolder(Path.Combine(_root, "cluster"));
            var running = folder.FindRunning()!;

            var (ports, sockets) = ListeningOf(process.Id);
            Assert.Multiple(() =>
            {
                Assert.That(ports.Select(port => port.Address), Is.All.EqualTo("0100007F"), "127.0.0.1");
                Assert.That(ports, Has.Count.EqualTo(3), "the API and the Ingress, HTTP and HTTPS");
                Assert.That(ports.Select(port => port.Port), Is.SupersetOf(new[] { new Uri(running.ApiServer).Port, new Uri(running.Ingress).Port }));
                Assert.That(sockets, Is.Empty, "Unix sockets");
                Assert.That(File.GetUnixFileMode(folder.Folder), Is.EqualTo(OwnersAlone));
                Assert.That(File.GetUnixFileMode(folder.Kubeconfig), Is.EqualTo(OwnersFile));
                Assert.That(File.GetUnixFileMode(Temporary()[0]), Is.EqualTo(OwnersAlone));
                Assert.That(Directory.GetFileSystemEntries(Path.Combine(_root, "tmp")), Is.EqualTo(Temporary()), "no file beside the folder");
            });
        }
        finally
        {
            await EndAsync(process);
        }
    }

    /// <summary>The ports (state 0A: LISTEN) and Unix sockets (flag 10000: accepts connections) that a process has open, of proc(5).</summary>
    private static (List<(string Address, int Port)> Ports, List<string> Sockets) ListeningOf(int process)
    {
        var inodes = new DirectoryInfo($"/proc/{process}/fd").GetFiles().Select(file => file.LinkTarget ?? "").Where(target => target.StartsWith("socket:[", StringComparison.Ordinal))
            .Select(target => target["socket:[".Length..^1]).ToHashSet(StringComparer.Ordinal);
        var ports = ((string[])["tcp", "tcp6"]).SelectMany(kind => File.ReadLines($"/proc/{process}/net/{kind}").Skip(1))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(fields => fields[3] == "0A" && inodes.Contains(fields[9]))
            .Select(fields => fields[1].Split(':')).Select(local => (local[0], int.Parse(local[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture))).ToList();
        var sockets = File.ReadLines($"/proc/{process}/net/unix").Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(fields => fields[3] == "00010000" && inodes.Contains(fields[6]))
            .Select(fields => fields.ElementAtOrDefault(7) ?? "").ToList();
        return (ports, sockets);
    }

    private static async Task EndAsync(Process process)
    {
        await RunningCluster.StopAsync(process, Limit, CancellationToken.None);
        if (!process.HasExited)
            process.Kill();
    }

    private string[] Temporary() => Directory.GetDirectories(Path.Combine(_root, "tmp"), "cs-*");

    private async Task<Process> StartAsync(string name, CancellationToken cancellation)
    {
        var folder = new HarnessFolder(Path.Combine(_root, name));
        Directory.CreateDirectory(Path.Combine(folder.Root, "k8s"));
        await File.WriteAllTextAsync(Path.Combine(folder.Root, "k8s", "kustomization.yaml"), "resources: []\n", cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder.Root, "harness.yaml"), "apiVersion: harness/v1\nname: empty\nkustomization: k8s\n", cancellation);
        Directory.CreateDirectory(Path.Combine(_root, "tmp"));
        var process = Start(folder, "serve", "--ingress-port", "0");
        while (folder.FindRunning() is null)
        {
            Assert.That(process.HasExited, Is.False, "the cluster ended");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, cancellation);
        }
        return process;
    }

    private async Task ApplyAsync(string name, CancellationToken cancellation)
    {
        var folder = new HarnessFolder(Path.Combine(_root, name));
        var file = Path.Combine(folder.Root, "pod.yaml");
        await File.WriteAllTextAsync(file, Pod, cancellation);
        using var apply = Start(folder, "apply", "-f", file);
        await apply.WaitForExitAsync(cancellation);
        Assert.That(apply.ExitCode, Is.Zero);
    }

    private Process Start(HarnessFolder folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(HarnessFolder).Assembly.Location, .. arguments]) { WorkingDirectory = folder.Root };
        start.Environment["TMPDIR"] = Path.Combine(_root, "tmp");
        start.Environment["HARNESS_ROOT"] = folder.Root;
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        return Process.Start(start)!;
    }
}
