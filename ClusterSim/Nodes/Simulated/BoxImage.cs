using System.Globalization;
using ClusterSim.Nodes.Images;
using Processes;

namespace ClusterSim.Nodes.Simulated;

/// <summary>
/// The image <c>box:1.0</c> of the recorded pods: <c>/box</c> sleeps, <c>/box exit N</c> ends with a code, <c>/box serve N</c> answers
/// every request on port 8080 with a status. SIGTERM ends it with 0.
/// </summary>
internal static class BoxImage
{
    private const int Port = 8080;

    /// <summary>The image, with a USER or, as <c>box:root</c>, without.</summary>
    public static Image Create(string user = "65532") => new SimulatedImage(
        "box" + user,
        new ImageConfiguration { User = user, Entrypoint = ["/box"] },
        new Dictionary<string, ProgramMain>(StringComparer.Ordinal) { ["box"] = RunAsync, ["/box"] = RunAsync });

    private static async Task<int> RunAsync(ServiceProcess process)
    {
        switch (process.Arguments)
        {
            case ["exit", var code]:
                await process.Output.SayAsync($"leaving with {code}\n");
                return int.Parse(code, CultureInfo.InvariantCulture);
            case ["serve", var status]:
                var answered = int.Parse(status, CultureInfo.InvariantCulture);
                await new HttpResponder(process, _ => ValueTask.FromResult(SimulatedResponse.Of(answered, $"{answered}\n"))).ServeAsync(Port);
                return 0;
            case []:
                await process.TerminatedAsync();
                return 0;
            default:
                await process.Error.SayAsync($"box: unknown arguments '{string.Join(' ', process.Arguments)}'; it knows none, 'exit N' and 'serve N'\n");
                return 2;
        }
    }
}
