using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using System.Text;
using ClusterSim.Nodes.Cgroups;
using Microsoft.AspNetCore.Connections;
using Processes;

namespace ClusterSim.Nodes.Simulated;

/// <summary>A request as simulated programs see it.</summary>
/// <param name="Method">The method.</param>
/// <param name="Target">Path and query.</param>
/// <param name="Headers">Header fields, names as compared by HTTP.</param>
/// <param name="Body">The body.</param>
/// <param name="Remote">Where it comes from, <c>address:port</c>.</param>
internal sealed record SimulatedRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers, byte[] Body, string Remote)
{
    /// <summary>The path alone.</summary>
    public string Path => Target.Split('?', 2)[0];

    /// <summary>A query parameter; null where there is none.</summary>
    public string? Query(string name)
    {
        var parts = Target.Split('?', 2);
        foreach (var pair in parts.Length > 1 ? parts[1].Split('&') : [])
            if (pair.Split('=', 2) is [var key, var value] && key == name)
                return WebUtility.UrlDecode(value);
        return null;
    }
}

/// <summary>An answer.</summary>
/// <param name="Status">The status code.</param>
/// <param name="Body">The body.</param>
/// <param name="ContentType">Its type.</param>
internal sealed record SimulatedResponse(int Status, byte[] Body, string ContentType = "text/plain; charset=utf-8")
{
    /// <summary>Other header fields.</summary>
    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    /// <summary>An answer of text.</summary>
    public static SimulatedResponse Of(int status, string text) => new(status, Encoding.UTF8.GetBytes(text));
}

/// <summary>
/// A small HTTP/1.1 server for simulated programs: keep-alive, bodies with a length. A whole host for every simulated web server would
/// cost a hundred times as much; the real services have theirs.
/// </summary>
internal sealed class HttpResponder(ServiceProcess process, Func<SimulatedRequest, ValueTask<SimulatedResponse>> answer)
{
    private const int HeadBytesMax = 64 * 1024;
    private const int BodyBytesMax = 4 * 1024 * 1024;

    /// <summary>Serves a port until SIGTERM; connections that are open are cut then.</summary>
    public async Task ServeAsync(int port)
    {
        var factory = process.Network.Listener ?? throw new InvalidOperationException("simulated programs listen on the simulated network only");
        await using var listener = await factory.BindAsync(new IPEndPoint(IPAddress.Any, port), process.Stop);
        try
        {
            while (await listener.AcceptAsync(process.Stop) is { } connection)
                _ = ServeAsync(connection);
        }
        catch (OperationCanceledException) when (process.Stop.IsCancellationRequested)
        {
            // SIGTERM.
        }
    }

    private async Task ServeAsync(ConnectionContext connection)
    {
        await using var opened = connection;
        var remote = connection.RemoteEndPoint?.ToString() ?? "";
        using var memory = new ProcessMemory(ChildProcess.CgroupOf(process)?.Memory);
        try
        {
            while (await ReadAsync(connection.Transport.Input, remote, memory) is { } request)
            {
                var response = await answer(request);
                memory.Charge(response.Body.Length);
                var keep = !string.Equals(request.Headers.GetValueOrDefault("Connection"), "close", StringComparison.OrdinalIgnoreCase);
                var head = new StringBuilder()
                    .Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {response.Status} {Phrase(response.Status)}\r\nDate: {process.Clock.GetUtcNow():R}\r\n")
                    .Append(CultureInfo.InvariantCulture, $"Content-Type: {response.ContentType}\r\nContent-Length: {response.Body.Length}\r\n");
                foreach (var (name, value) in response.Headers)
                    head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
                head.Append(keep ? "\r\n" : "Connection: close\r\n\r\n");
                byte[] bytes = [.. Encoding.Latin1.GetBytes(head.ToString()), .. request.Method == "HEAD" ? [] : response.Body];
                await connection.Transport.Output.WriteAsync(bytes, CancellationToken.None);
                memory.Uncharge(request.Body.Length + response.Body.Length);
                if (!keep)
                    break;
            }
            await connection.Transport.Output.CompleteAsync();
        }
        catch (Exception gone) when (gone is IOException or ConnectionAbortedException or ConnectionResetException or OperationCanceledException or InvalidOperationException)
        {
            // The other side went away.
        }
    }

    private static async ValueTask<SimulatedRequest?> ReadAsync(PipeReader input, string remote, ProcessMemory memory)
    {
        string[] lines;
        while (true)
        {
            var read = await input.ReadAsync();
            if (Head(read.Buffer, out var head, out var after))
            {
                lines = head.Split("\r\n");
                input.AdvanceTo(after);
                break;
            }
            if (read.IsCompleted || read.Buffer.Length > HeadBytesMax)
                return null;
            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
        var words = lines[0].Split(' ');
        if (words.Length < 3)
            return null;
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.Skip(1))
            if (line.Split(':', 2) is [var name, var value])
                headers[name] = value.Trim();
        var length = int.TryParse(headers.GetValueOrDefault("Content-Length"), NumberStyles.None, CultureInfo.InvariantCulture, out var declared) ? declared : 0;
        // No more is taken than is sent, whatever the length that is declared.
        if (length > BodyBytesMax)
            return null;
        var body = Array.Empty<byte>();
        if (length > 0)
        {
            memory.Charge(length);
            var whole = await input.ReadAtLeastAsync(length);
            if (whole.Buffer.Length < length)
                return null;
            body = whole.Buffer.Slice(0, length).ToArray();
            input.AdvanceTo(whole.Buffer.GetPosition(length));
        }
        return new SimulatedRequest(words[0], words[1], headers, body, remote);
    }

    private static bool Head(in ReadOnlySequence<byte> buffer, out string head, out SequencePosition after)
    {
        var reader = new SequenceReader<byte>(buffer);
        if (reader.TryReadTo(out ReadOnlySequence<byte> found, "\r\n\r\n"u8))
        {
            (head, after) = (Encoding.Latin1.GetString(found), reader.Position);
            return true;
        }
        (head, after) = ("", buffer.Start);
        return false;
    }

    private static string Phrase(int status) => Enum.IsDefined((HttpStatusCode)status) ? ((HttpStatusCode)status).ToString() : "Status";
}
