using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>wget, curl, nc: over the process's own network, in busybox's and curl's words.</summary>
internal static class NetworkCommands
{
    /// <summary><c>wget [-q] [-S] [-O file] [-T s] [--spider] [--header h] [--post-data d] url</c>.</summary>
    public static async Task<int> WgetAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "OTtPU", ["header", "post-data", "timeout", "output-document", "tries"]);
        if (options.Rest.Count == 0)
            return await command.FailAsync("missing URL");
        var url = UrlOf(options.Rest[0]);
        var to = options.Value("O") ?? options.Value("output-document") ?? Path.GetFileName(url.AbsolutePath);
        var body = options.Value("post-data");
        try
        {
            using var timeout = Timeout(command, options.Value("T") ?? options.Value("timeout"), otherwise: 900);
            var fetched = await HttpFetch.SendAsync(
                command.Process, body is null ? "GET" : "POST", url, Headers(options.Values("header"), body is null ? null : "application/x-www-form-urlencoded"),
                body is null ? null : Encoding.UTF8.GetBytes(body), timeout.Token);
            if (options.Has("S"))
                await command.Error.SayAsync(string.Concat(fetched.Headers.Prepend(fetched.StatusLine).Select(line => $"  {line}\n")));
            if (fetched.Status >= 400)
                return await command.FailAsync($"server returned error: {fetched.StatusLine}");
            if (options.Has("spider"))
                return 0;
            if (to == "-")
                await command.Output.WriteAsync(fetched.Body);
            else
                File.WriteAllBytes(command.ResolveForWriting(to.Length == 0 ? "index.html" : to), fetched.Body);
            return 0;
        }
        catch (OperationCanceledException)
        {
            return await command.FailAsync("download timed out");
        }
        catch (SocketException refused)
        {
            return await command.FailAsync(refused.SocketErrorCode == SocketError.HostNotFound ? $"bad address '{url.Host}:{url.Port}'" : $"can't connect to remote host ({url.Host}): {Words(refused)}");
        }
        catch (IOException broken)
        {
            return await command.FailAsync(broken.Message);
        }
    }

    /// <summary><c>curl [-s] [-S] [-f] [-i] [-o file] [-w format] [-X method] [-d data] [-H header] [-m s] url</c>.</summary>
    public static async Task<int> CurlAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "owXdHmuA", ["max-time", "connect-timeout", "header", "data", "request", "output", "write-out", "retry"]);
        if (options.Rest.Count == 0)
            return await command.FailAsync("no URL specified!", 2);
        var url = UrlOf(options.Rest[0]);
        var data = options.Value("d") ?? options.Value("data");
        var method = options.Value("X") ?? options.Value("request") ?? (options.Has("I") ? "HEAD" : data is null ? "GET" : "POST");
        try
        {
            using var timeout = Timeout(command, options.Value("m") ?? options.Value("max-time") ?? options.Value("connect-timeout"), otherwise: 300);
            var fetched = await HttpFetch.SendAsync(
                command.Process, method, url, Headers([.. options.Values("H"), .. options.Values("header")], data is null ? null : "application/x-www-form-urlencoded"),
                data is null ? null : Encoding.UTF8.GetBytes(data), timeout.Token);
            if ((options.Has("f") || options.Has("fail")) && fetched.Status >= 400)
                return await Complain(22, $"The requested URL returned error: {fetched.Status}");
            if (options.Has("i") || options.Has("I"))
                await command.SayAsync(string.Concat(fetched.Headers.Prepend(fetched.StatusLine).Select(line => line + "\r\n")) + "\r\n");
            var to = options.Value("o") ?? options.Value("output");
            if (to is null)
                await command.Output.WriteAsync(fetched.Body);
            else if (to != "/dev/null")
                File.WriteAllBytes(command.ResolveForWriting(to), fetched.Body);
            if ((options.Value("w") ?? options.Value("write-out")) is { } format)
                await command.SayAsync(format.Replace("%{http_code}", fetched.Status.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal));
            return 0;
        }
        catch (OperationCanceledException)
        {
            return await Complain(28, "Connection timed out");
        }
        catch (SocketException refused)
        {
            return refused.SocketErrorCode == SocketError.HostNotFound
                ? await Complain(6, $"Could not resolve host: {url.Host}")
                : await Complain(7, $"Failed to connect to {url.Host} port {url.Port}: {Words(refused)}");
        }
        catch (IOException)
        {
            return await Complain(52, "Empty reply from server");
        }

        async Task<int> Complain(int code, string why)
        {
            if (!options.Has("s") || options.Has("S"))
                await command.Error.SayAsync($"curl: ({code}) {why}\n");
            return code;
        }
    }

    /// <summary><c>nc [-z] [-v] [-w s] host port</c>: connects; without -z passes standard input on and prints what comes back.</summary>
    public static async Task<int> NetcatAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "wpse", []);
        if (options.Has("l"))
            return await command.FailAsync("listening is not supported by the simulator; agnhost and httpd serve");
        if (options.Rest.Count < 2 || !int.TryParse(options.Rest[1], NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return await command.FailAsync("usage: nc [-zv] [-w SEC] HOST PORT");
        var host = options.Rest[0];
        try
        {
            using var timeout = Timeout(command, options.Value("w"), otherwise: 900);
            await using var stream = await command.Process.Network.DialAsync(host, port, timeout.Token);
            if (options.Has("v"))
                await command.Error.SayAsync($"{host} ({host}:{port}) open\n");
            if (options.Has("z"))
                return 0;
            var text = Encoding.UTF8.GetBytes(await command.ReadAsync([]));
            await stream.WriteAsync(text, timeout.Token);
            await stream.FlushAsync(timeout.Token);
            var buffer = new byte[8192];
            while (await stream.ReadAsync(buffer, timeout.Token) is var count and > 0)
                await command.Output.WriteAsync(buffer.AsMemory(0, count));
            return 0;
        }
        catch (OperationCanceledException)
        {
            return await command.FailAsync($"{host} ({host}:{port}): Connection timed out");
        }
        catch (SocketException refused)
        {
            return await command.FailAsync(refused.SocketErrorCode == SocketError.HostNotFound ? $"bad address '{host}'" : $"{host} ({host}:{port}): {Words(refused)}");
        }
        catch (IOException)
        {
            return 1;
        }
    }

    private static Uri UrlOf(string text) => new(text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text);

    private static List<(string, string)> Headers(IEnumerable<string> given, string? contentType)
    {
        List<(string Name, string Value)> headers = [.. given.Select(header => header.Split(':', 2) is [var name, var value] ? (name, value.Trim()) : (header, ""))];
        if (contentType is not null && !headers.Exists(header => string.Equals(header.Name, "Content-Type", StringComparison.OrdinalIgnoreCase)))
            headers.Add(("Content-Type", contentType));
        return headers;
    }

    private static CancellationTokenSource Timeout(Command command, string? seconds, int otherwise) => new(
        TimeSpan.FromSeconds(double.TryParse(seconds, NumberStyles.Float, CultureInfo.InvariantCulture, out var given) ? given : otherwise), command.Process.Clock);

    private static string Words(SocketException failure) => failure.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "Connection refused",
        SocketError.TimedOut => "Connection timed out",
        SocketError.HostUnreachable => "No route to host",
        _ => failure.Message,
    };
}
