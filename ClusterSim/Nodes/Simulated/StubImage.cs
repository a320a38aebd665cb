using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ClusterSim.Nodes.Images;
using Processes;

namespace ClusterSim.Nodes.Simulated;

/// <summary>
/// Stands for an image nobody published here, where <see cref="UnknownImages.Stub"/> asks for that: whatever its command, a listener on the ports
/// that the container declares or its probes name, which answers with who it is. <c>exec</c> has busybox's tools and curl. What has to end (an
/// init container, a Job's without ports) ends at once, with 0. As what is in the image is unknown, so is its user: it is 65532, not root.
/// </summary>
internal sealed class StubImage(ImageReference reference) : Image
{
    private static readonly Image Tools = AgnhostImage.Create();

    /// <inheritdoc/>
    public override ImageConfiguration Configuration { get; } = new() { User = "65532", Entrypoint = ["/stub"] };

    /// <inheritdoc/>
    public override string Digest { get; } = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"stub of {reference}")));

    /// <inheritdoc/>
    public override bool KeepsToItsClock => true;

    /// <inheritdoc/>
    internal override bool IsStub => true;

    /// <inheritdoc/>
    public override bool TryFindProgram(string name, [NotNullWhen(true)] out ProgramMain? program) => Tools.TryFindProgram(name, out program);

    /// <inheritdoc/>
    internal override ProgramMain MainOf(JsonElement container, bool ends)
    {
        var (name, ports) = (container.At("name").Text(""), PortsOf(container));
        return process => RunAsync(process, name, ports, ends);
    }

    private async Task<int> RunAsync(ServiceProcess process, string container, IReadOnlyList<int> ports, bool ends)
    {
        var listed = string.Join(", ", ports);
        await process.Output.SayAsync(
            $"stub of {reference}: nobody published that image here, its command is not run; {(ends ? "it ends" : ports.Count == 0 ? "it declares no ports" : $"listening on {listed}")}\n");
        if (ends)
            return 0;
        if (ports.Count == 0)
        {
            await process.TerminatedAsync();
            return 0;
        }
        var pod = process.Environment.GetValueOrDefault("HOSTNAME");
        await Task.WhenAll(ports.Select(port => new HttpResponder(process, _ => ValueTask.FromResult(SimulatedResponse.Of(
            200, string.Create(CultureInfo.InvariantCulture, $"stub of {reference}: container {container} of pod {pod}, port {port}\n")))).ServeAsync(port)));
        return 0;
    }

    private static IReadOnlyList<int> PortsOf(JsonElement container)
    {
        var ports = new SortedSet<int>();
        foreach (var declared in container.At("ports").Items())
            if (declared.At("protocol").Text("TCP") == "TCP")
                ports.Add(declared.At("containerPort").Integer(0));
        foreach (var probe in (string[])["startupProbe", "readinessProbe", "livenessProbe"])
            foreach (var action in (string[])["httpGet", "tcpSocket", "grpc"])
                if (container.At(probe, action).At("port").Integer() is { } number)
                    ports.Add((int)number);
        ports.Remove(0);
        return [.. ports];
    }
}
