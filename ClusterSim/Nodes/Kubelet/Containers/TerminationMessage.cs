using System.Text;
using System.Text.Json;
using ClusterSim.Nodes.Volumes;

namespace ClusterSim.Nodes.Containers;

/// <summary>Where the termination message of a container comes from (<c>getTerminationMessage</c>).</summary>
/// <param name="Path"><c>terminationMessagePath</c>.</param>
/// <param name="FallsBackToLogs">Whether <c>terminationMessagePolicy</c> is <c>FallbackToLogsOnError</c>.</param>
internal readonly record struct TerminationMessage(string Path, bool FallsBackToLogs)
{
    // MaxContainerTerminationMessageLength, MaxContainerTerminationMessageLogLength and …LogLines.
    private const int LengthMax = 4096;
    private const int LogLengthMax = 2048;
    private const int LogLinesMax = 80;

    /// <summary>Reads the fields of a container.</summary>
    public static TerminationMessage Of(JsonElement container) => new(
        container.At("terminationMessagePath").Text("/dev/termination-log"), container.At("terminationMessagePolicy").Text() == "FallbackToLogsOnError");

    /// <summary>Returns the message of an instance that ends with an exit code.</summary>
    /// <param name="files">The instance's files; null where it was never started.</param>
    /// <param name="log">The instance's log.</param>
    /// <param name="exitCode">The exit code.</param>
    public string Read(ContainerFileRoot? files, ContainerLog log, int exitCode)
    {
        var message = files?.ReadIfThere(Path, LengthMax) is { } read ? Encoding.UTF8.GetString(read) : "";
        if (message.Length == 0 && exitCode != 0 && FallsBackToLogs)
            return log.Tail(LogLinesMax, LogLengthMax);
        return message;
    }
}
