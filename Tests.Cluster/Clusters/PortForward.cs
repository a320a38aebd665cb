using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Tests.Cluster.Clusters;

/// <summary>
/// A kubectl that stays: <c>port-forward</c> to one pod, until disposed or the pod is gone, or <c>proxy</c> to the API, for many questions
/// without a process each.
/// </summary>
internal sealed partial class PortForward : IAsyncDisposable
{
    private static readonly TimeSpan OpensWithin = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private PortForward(Process process, Uri local) => (_process, Local) = (process, local);

    /// <summary>Where the pod answers on this machine.</summary>
    public Uri Local { get; }

    /// <summary>Whether it still runs; it ends when it loses its pod.</summary>
    public bool IsOpen => !_process.HasExited;

    /// <summary>Opens one on a port that the system chooses.</summary>
    /// <exception cref="InvalidOperationException">It cannot be opened; the message holds kubectl's words.</exception>
    public static Task<PortForward> OpenAsync(string kubeconfig, string @namespace, string pod, int port) => StartAsync(
        $"port-forward to {@namespace}/{pod}:{port}",
        ["--kubeconfig", kubeconfig, "--namespace", @namespace, "port-forward", "--address", "127.0.0.1", $"pod/{pod}", $":{port.ToString(CultureInfo.InvariantCulture)}"]);

    /// <summary>Opens one to the API itself.</summary>
    /// <exception cref="InvalidOperationException">It cannot be opened; the message holds kubectl's words.</exception>
    public static Task<PortForward> ToApiAsync(string kubeconfig) =>
        StartAsync("proxy", ["--kubeconfig", kubeconfig, "proxy", "--address", "127.0.0.1", "--port", "0"]);

    private static async Task<PortForward> StartAsync(string what, IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo("kubectl") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        var process = Process.Start(start)!;
        var opened = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        var said = new List<string>();
        process.OutputDataReceived += Hear;
        process.ErrorDataReceived += Hear;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var ended = process.WaitForExitAsync();
        if (await Task.WhenAny(opened.Task, ended, Task.Delay(OpensWithin, TimeProvider.System)) == opened.Task)
            return new PortForward(process, await opened.Task);
        await EndAsync(process);
        lock (said)
            throw new InvalidOperationException($"kubectl {what} did not open: {string.Join(" | ", said)}");

        void Hear(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is null)
                return;
            lock (said)
                said.Add(line.Data);
            if (Forwarding().Match(line.Data) is { Success: true } match)
                opened.TrySetResult(new Uri($"http://127.0.0.1:{match.Groups["port"].Value}/"));
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await EndAsync(_process);

    private static async Task EndAsync(Process process)
    {
        if (!process.HasExited)
            process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    [GeneratedRegex(@"^(Forwarding from|Starting to serve on) 127\.0\.0\.1:(?<port>\d+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Forwarding();
}
