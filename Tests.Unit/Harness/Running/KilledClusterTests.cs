using System.Diagnostics;
using Harness.Running;

namespace Tests.Unit.Harness.Running;

/// <summary>What a cluster that was killed (SIGKILL) leaves on this machine: nothing that the next one does not remove.</summary>
public sealed class KilledClusterTests
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
            var owned = Temporary().ToDictionary(folder => int.Parse(File.ReadAllText(Path.Combine(folder, ".owner")).Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));

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
        Directory.CreateDirectory(folder.Root);
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
