using System.Globalization;
using System.Net;
using System.Text;
using ClusterSim.Nodes.Images;
using Microsoft.AspNetCore.Connections;
using Processes;

namespace Tests.Support;

/// <summary>
/// The image of the recorded pods: <c>/box</c> sleeps, <c>/box exit N</c> ends with a code, <c>/box serve N</c> answers every request on
/// port 8080 with a status. SIGTERM ends it with 0.
/// </summary>
public static class BoxImage
{
    private const int Port = 8080;

    /// <summary>Adds <c>box:1.0</c>, <c>box:2.0</c>, and <c>box:root</c>, which has no USER.</summary>
    public static void AddTo(ImageStore images)
    {
        images.Add("box:1.0", Create("65532"));
        images.Add("box:2.0", Create("65532"));
        images.Add("box:root", Create(""));
    }

    private static ServiceImage Create(string user) => new(RunAsync, new ImageConfiguration { User = user, Entrypoint = ["/box"] }) { KeepsToItsClock = true };

    private static async Task<int> RunAsync(ServiceProcess process)
    {
        switch (process.Arguments)
        {
            case ["exit", var code]:
                await process.Output.WriteAsync(Encoding.UTF8.GetBytes($"leaving with {code}\n"), CancellationToken.None);
                return int.Parse(code, CultureInfo.InvariantCulture);
            case ["serve", var status]:
                await ServeAsync(process, int.Parse(status, CultureInfo.InvariantCulture));
                return 0;
            case []:
                var terminated = new TaskCompletionSource();
                await using (process.Stop.UnsafeRegister(_ => terminated.TrySetResult(), null))
                    await terminated.Task;
                return 0;
            default:
                await process.Error.WriteAsync(Encoding.UTF8.GetBytes($"box: unknown arguments '{string.Join(' ', process.Arguments)}'; it knows none, 'exit N' and 'serve N'\n"), CancellationToken.None);
                return 2;
        }
    }

    private static async Task ServeAsync(ServiceProcess process, int status)
    {
        await using var listener = await process.Network.Listener!.BindAsync(new IPEndPoint(IPAddress.Any, Port), process.Stop);
        try
        {
            while (await listener.AcceptAsync(process.Stop) is { } connection)
                _ = AnswerAsync(connection, status);
        }
        catch (OperationCanceledException) when (process.Stop.IsCancellationRequested)
        {
            // SIGTERM.
        }
    }

    private static async Task AnswerAsync(ConnectionContext connection, int status)
    {
        await using var opened = connection;
        try
        {
            // The request's head ends at the empty line. Nobody sends a body. A StreamReader would leave the container's synchronization context,
            // by which a manual clock knows that the container is at work.
            while (await connection.Transport.Input.ReadAsync() is var read && !Encoding.Latin1.GetString(read.Buffer).Contains("\r\n\r\n", StringComparison.Ordinal))
            {
                if (read.IsCompleted)
                    return;
                connection.Transport.Input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            }
            var body = $"{status}\n";
            await connection.Transport.Output.WriteAsync(Encoding.Latin1.GetBytes(
                $"HTTP/1.1 {status} Status\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"), CancellationToken.None);
            await connection.Transport.Output.CompleteAsync();
        }
        catch (Exception ex) when (ex is IOException or ConnectionAbortedException or ConnectionResetException or OperationCanceledException or InvalidOperationException)
        {
            // The client closed the connection.
        }
    }
}
