using System.Diagnostics;

namespace Tests.Support;

/// <summary>What a program came to.</summary>
public sealed record ToolResult(int ExitCode, string Output, string Error);

/// <summary>A program of this machine, run to its end.</summary>
public static class Tool
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(600);

    /// <summary>Where a program is on the PATH; null where it is not.</summary>
    public static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator).Where(folder => folder.Length > 0)
        .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>Runs it; whatever it ends with is the caller's to judge.</summary>
    /// <exception cref="TimeoutException">It did not end; the message holds what it said.</exception>
    public static async Task<ToolResult> RunAsync(
        string program, IReadOnlyList<string> arguments, string? input = null, IReadOnlyDictionary<string, string?>? environment = null, TimeSpan? limit = null)
    {
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>(StringComparer.Ordinal))
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            if (input is not null)
                await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading: its exit code tells why.
        }
        using var late = new CancellationTokenSource(limit ?? Limit);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException over)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{program} {string.Join(' ', arguments)} did not end within {limit ?? Limit}; it said: {await output}{await error}", over);
        }
        return new ToolResult(process.ExitCode, await output, await error);
    }
}
