namespace Testcontainers.K3s;

/// <summary>The package's container, by its signatures. None is ever made here.</summary>
public sealed class K3sContainer : IAsyncDisposable
{
    internal K3sContainer()
    {
    }

    /// <summary>Where published ports answer.</summary>
    public string Hostname => throw StandIn.Lacks();

    /// <summary>Starts it, and waits until K3s says that it works.</summary>
    public Task StartAsync(CancellationToken ct = default) => throw StandIn.Lacks();

    /// <summary>The port of the machine that a port of the container is published on.</summary>
    public ushort GetMappedPublicPort(int containerPort) => throw StandIn.Lacks();

    /// <summary>How kubectl reaches it from the machine.</summary>
    public Task<string> GetKubeconfigAsync() => throw StandIn.Lacks();

    /// <summary>Copies a file into a folder of the container.</summary>
    public Task CopyAsync(FileInfo source, string target) => throw StandIn.Lacks();

    /// <summary>Runs a program in it.</summary>
    public Task<ExecResult> ExecAsync(IList<string> command, CancellationToken ct = default) => throw StandIn.Lacks();

    /// <summary>What it has written so far.</summary>
    public Task<(string Stdout, string Stderr)> GetLogsAsync() => throw StandIn.Lacks();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>What a program in a container came to.</summary>
/// <param name="Stdout">Its output.</param>
/// <param name="Stderr">Its errors.</param>
/// <param name="ExitCode">Its exit code.</param>
public readonly record struct ExecResult(string Stdout, string Stderr, long? ExitCode);
