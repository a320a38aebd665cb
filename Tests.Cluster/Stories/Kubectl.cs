using System.Diagnostics;

namespace Tests.Cluster.Stories;

/// <summary>kubectl as it is installed here, pointed at one cluster and namespace.</summary>
internal sealed class Kubectl(string kubeconfig, string @namespace)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    /// <summary>Whether there is one.</summary>
    public static bool IsInstalled { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "kubectl")));

    /// <summary>Runs it.</summary>
    /// <param name="arguments">Its arguments, separated by blanks.</param>
    /// <param name="input">Its standard input.</param>
    /// <returns>What it said: standard output and error as they came, without the last line end.</returns>
    public async Task<string> RunAsync(string arguments, string? input = null)
    {
        var start = new ProcessStartInfo("kubectl") { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["--kubeconfig", kubeconfig, "--namespace", @namespace, .. arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var said = new List<string>();
        process.OutputDataReceived += Hear;
        process.ErrorDataReceived += Hear;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (input is not null)
            await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        using var late = new CancellationTokenSource(Limit);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException over)
        {
            process.Kill();
            throw new TimeoutException($"kubectl {arguments} did not end within {Limit.TotalSeconds} s; it said: {string.Join(" | ", said)}", over);
        }
        return string.Join('\n', said);

        void Hear(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is null)
                return;
            lock (said)
                said.Add(line.Data);
        }
    }
}
