using ClusterSim.Nodes.Images;
using Processes;

namespace ClusterSim.Nodes.Simulated;

/// <summary><c>registry.k8s.io/pause</c>: waits for SIGTERM, and ends with 0.</summary>
internal static class PauseImage
{
    /// <summary>The image.</summary>
    public static Image Create() => new SimulatedImage(
        "pause",
        new ImageConfiguration { User = "65535:65535", Entrypoint = ["/pause"] },
        new Dictionary<string, ProgramMain>(StringComparer.Ordinal) { ["pause"] = RunAsync, ["/pause"] = RunAsync });

    /// <summary>The program.</summary>
    public static async Task<int> RunAsync(ServiceProcess process)
    {
        await process.TerminatedAsync();
        return 0;
    }
}
