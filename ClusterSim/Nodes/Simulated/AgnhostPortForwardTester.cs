using System.Globalization;
using System.Net;
using System.Text;
using ClusterSim.Nodes.Containers;
using Processes;

namespace ClusterSim.Nodes.Simulated;

/// <summary>
/// <c>agnhost port-forward-tester</c>: accepts one connection, reads what it expects (<c>EXPECTED_CLIENT_DATA</c>), and sends <c>CHUNKS</c> times
/// <c>CHUNK_SIZE</c> letters with <c>CHUNK_INTERVAL</c> milliseconds between.
/// </summary>
internal static class AgnhostPortForwardTester
{
    /// <summary>Runs it.</summary>
    public static async Task<int> RunAsync(ServiceProcess process)
    {
        var factory = process.Network.Listener ?? throw new InvalidOperationException("simulated programs listen on the simulated network only");
        await using var listener = await factory.BindAsync(new IPEndPoint(IPAddress.Any, Number("BIND_PORT", 0)), process.Stop);
        if (await listener.AcceptAsync(process.Stop) is not { } connection)
            return ContainerExit.Terminated;
        await using var accepted = connection;
        await SayAsync("Accepted client connection");
        if (process.Environment.GetValueOrDefault("EXPECTED_CLIENT_DATA", "") is { Length: > 0 } expected)
        {
            var read = await connection.Transport.Input.ReadAtLeastAsync(expected.Length, process.Stop);
            var found = Encoding.UTF8.GetString(read.Buffer);
            connection.Transport.Input.AdvanceTo(read.Buffer.End);
            if (found != expected)
            {
                await SayAsync(found.Length < expected.Length ? $"Unexpected end of client data: {found}" : $"Expected to read \"{expected}\", got \"{found}\"");
                return 4;
            }
            await SayAsync("Received expected client data");
        }
        var chunk = Encoding.UTF8.GetBytes(new string('x', Number("CHUNK_SIZE", 0)));
        for (var chunks = Number("CHUNKS", 0); chunks > 0; chunks--)
        {
            await connection.Transport.Output.WriteAsync(chunk, process.Stop);
            if (chunks > 1)
                await Task.Delay(TimeSpan.FromMilliseconds(Number("CHUNK_INTERVAL", 0)), process.Clock, process.Stop);
        }
        await connection.Transport.Output.CompleteAsync();
        await SayAsync("Done");
        return 0;

        Task SayAsync(string text) => process.Output.SayAsync(text + "\n");

        int Number(string name, int otherwise) =>
            int.TryParse(process.Environment.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : otherwise;
    }
}
