using System.Diagnostics;
using System.Runtime.CompilerServices;
using ClusterSim;
using Tests.Cluster.Clusters;

namespace Tests.Cluster.Clients;

/// <summary>
/// Kubernetes' official clients for Node and Python, unchanged, against a simulated cluster: <c>client.mjs</c> and <c>client.py</c> beside this file say
/// for each step whether it went well. <c>eng/clients.sh</c> fetches the clients; where they are not there the test is skipped.
/// </summary>
[Parallelizable(ParallelScope.Self)]
internal sealed class ClientLibraryTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private static string Fetched => Repository.Path("artifacts/clients");

    [Test]
    public async Task The_Node_client_works_unchanged()
    {
        var modules = Path.Combine(Fetched, "node", "node_modules");
        if (!Directory.Exists(modules))
            Assert.Ignore($"@kubernetes/client-node is not in {modules}: run eng/clients.sh, which needs node and npm");

        var said = await RunAsync("node", kubeconfig => [Script("client.mjs"), kubeconfig, modules], null);

        Assert.That(said, Is.EqualTo(Ok(
            "create", "patch", "objects", "list", "watch", "informer", "logs", "exec", "exec-stdin", "exec-end-of-input", "exec-tty", "exec-refused", "attach",
            "port-forward", "cp", "errors", "metrics", "delete")));
    }

    [Test]
    public async Task The_Python_client_works_unchanged()
    {
        var packages = Path.Combine(Fetched, "python");
        // Debian's package is for Debian's python, whatever python3 the PATH finds first.
        const string Python = "/usr/bin/python3";
        if (!File.Exists(Python))
            Assert.Ignore($"there is no {Python}");
        if (!Directory.Exists(packages) && !Directory.Exists("/usr/lib/python3/dist-packages/kubernetes"))
            Assert.Ignore($"python3-kubernetes is neither installed nor in {packages}: run eng/clients.sh, which needs apt");

        var said = await RunAsync(Python, kubeconfig => [Script("client.py"), kubeconfig], Directory.Exists(packages) ? packages : null);

        Assert.That(said, Is.EqualTo(Ok(
            "create", "patch", "deployment", "listing", "watching", "logs", "exec_codes", "exec_stdin", "exec_refused", "attach", "port_forward",
            "port_forward_refused", "copy", "errors", "delete")));
    }

    private static async Task<string> RunAsync(string program, Func<string, IReadOnlyList<string>> arguments, string? pythonPath)
    {
        await using var cluster = await SimulatedCluster.StartAsync();
        var folder = Directory.CreateTempSubdirectory("clients-");
        try
        {
            var kubeconfig = Path.Combine(folder.FullName, "kubeconfig");
            cluster.WriteKubeconfig(kubeconfig);
            var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder.FullName };
            foreach (var argument in arguments(kubeconfig))
                start.ArgumentList.Add(argument);
            if (pythonPath is not null)
                start.Environment["PYTHONPATH"] = pythonPath;
            start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
            using var process = Process.Start(start)!;
            using var late = new CancellationTokenSource(Limit);
            var said = process.StandardOutput.ReadToEndAsync(late.Token);
            var complaints = process.StandardError.ReadToEndAsync(late.Token);
            try
            {
                await process.WaitForExitAsync(late.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                throw;
            }
            if (await complaints is { Length: > 0 } complained)
                await TestContext.Out.WriteLineAsync(complained);
            return await said;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static string Ok(params IEnumerable<string> steps) => string.Concat(steps.Select(step => $"ok {step}\n"));

    private static string Script(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, name);
}
