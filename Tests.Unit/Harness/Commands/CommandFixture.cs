using System.Text;
using ClusterSim;
using Harness.Commands;
using Harness.Running;
using Processes;

namespace Harness.Tests.Commands;

/// <summary>A cluster of this process that a folder says is running, and the command asked about it.</summary>
internal abstract class CommandFixture
{
    protected SimulatedCluster Cluster { get; private set; } = null!;

    protected DirectoryInfo Root { get; private set; } = null!;

    /// <summary>What is there before the first test.</summary>
    protected virtual string Objects => "";

    [OneTimeSetUp]
    public async Task Start()
    {
        Root = Directory.CreateTempSubdirectory("harness-");
        Cluster = await SimulatedCluster.StartAsync();
        var folder = new HarnessFolder(Root.FullName);
        folder.Create();
        Cluster.WriteKubeconfig(folder.Kubeconfig);
        var (id, start) = RunningCluster.ThisProcess();
        folder.Write(new RunningCluster { ProcessId = id, ProcessStartTicks = start, ApiServer = Cluster.ApiServer.ToString(), Ingress = Cluster.Ingress.ToString() });
        Cluster.ApplyYaml(Objects);
        await Cluster.ReadyAsync(TimeSpan.FromSeconds(60));
    }

    [OneTimeTearDown]
    public async Task Stop()
    {
        await Cluster.DisposeAsync();
        Root.Delete(recursive: true);
    }

    protected async Task<string> Said(params string[] arguments)
    {
        var (code, output, error) = await RunAsync(default, arguments);
        Assert.That(code, Is.Zero, error);
        return output;
    }

    protected async Task<(int Code, string Output, string Error)> RunAsync(CancellationToken stop, params string[] arguments)
    {
        using var output = new SharedOutput();
        return await RunAsync(output, stop, arguments);
    }

    protected async Task<(int Code, string Output, string Error)> WithKubeconfigAsync(string kubeconfig, params string[] arguments)
    {
        using var output = new SharedOutput();
        return await RunAsync(output, kubeconfig, arguments, default);
    }

    protected Task<(int Code, string Output, string Error)> RunAsync(SharedOutput output, CancellationToken stop, params string[] arguments) =>
        RunAsync(output, Path.Combine(Root.FullName, "config"), arguments, stop);

    private async Task<(int Code, string Output, string Error)> RunAsync(SharedOutput output, string kubeconfig, string[] arguments, CancellationToken stop)
    {
        using var error = new MemoryStream();
        var code = await HarnessCommand.RunAsync(new ServiceProcess
        {
            Arguments = arguments,
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["HARNESS_ROOT"] = Root.FullName, ["KUBECONFIG"] = kubeconfig },
            WorkingDirectory = Root.FullName,
            Output = output,
            Error = error,
            Network = MachineProcess.MachineNetwork.Instance,
            Stop = stop,
        });
        return (code, output.Text, Encoding.UTF8.GetString(error.ToArray()));
    }
}
