using System.Text;
using ClusterSim.Access;
using Harness.Configuration;
using Harness.Kube;
using Harness.Running;
using Processes;

namespace Harness.Commands;

/// <summary>What every command works with.</summary>
public sealed class CommandContext : IDisposable
{
    /// <summary>What a command gets from the process that it runs in.</summary>
    public CommandContext(ServiceProcess process)
    {
        Process = process;
        Output = new StreamWriter(process.Output, new UTF8Encoding(false)) { AutoFlush = true };
        Error = new StreamWriter(process.Error, new UTF8Encoding(false)) { AutoFlush = true };
    }

    /// <summary>The process.</summary>
    public ServiceProcess Process { get; }

    /// <summary>For answers.</summary>
    public TextWriter Output { get; }

    /// <summary>For progress and complaints, so that answers can be piped.</summary>
    public TextWriter Error { get; }

    /// <summary>The repository's folder of the running cluster.</summary>
    public HarnessFolder Folder => field ??= HarnessFolder.Find(Process.Environment, Process.WorkingDirectory);

    /// <summary>The repository's harness.yaml.</summary>
    /// <exception cref="CommandException">The file is missing or wrong.</exception>
    public HarnessYaml Harness => field ??= HarnessYaml.Load(Folder.Root);

    /// <summary>A client of the running cluster, as its administrator; KUBECONFIG is not looked at: these commands speak of ours.</summary>
    /// <exception cref="CommandException">None runs.</exception>
    public KubeClient Connect()
    {
        if (Folder.FindRunning() is null)
            throw new CommandException("no cluster is running here; start one with: ./harness up");
        return new KubeClient(KubeconfigFile.Read(Folder.Kubeconfig));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Output.Dispose();
        Error.Dispose();
    }
}

/// <summary>A command cannot do what was asked; the message says why and what would help.</summary>
public sealed class CommandException(string message) : Exception(message)
{
    /// <summary>Where the manifests are applied, but not everything was ready in time: the cluster is worth a look.</summary>
    public const int NotReady = 3;

    /// <summary>What the command ends with.</summary>
    public int ExitCode { get; init; } = 1;
}
