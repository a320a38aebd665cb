using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ClusterSim.Network;
using ClusterSim.Nodes.Cgroups;

namespace ClusterSim.Nodes.Simulated.Commands;

/// <summary>wget, curl, nc, nslookup: over the process's own network, in busybox's and curl's words.</summary>
internal static class NetworkCommands
{
    // A timer takes some 49 days at most.
    private const double SecondsMax = 40 * 86400;

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
                command, body is null ? "GET" : "POST", url, Headers(options.Values("header"), body is null ? null : "application/x-www-form-urlencoded"),
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
                command.Files.WriteAllBytes(command.Absolute(to.Length == 0 ? "index.html" : to), fetched.Body);
            return 0;
        }
        catch (OperationCanceledException ex) when (ex is not OomKilledException && !command.Process.Killed.IsCancellationRequested)
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
        var options = Options.Read(command.Arguments, "owXdHmuA", ["max-time", "connect-timeout", "header", "data", "request", "output", "write-out", "retry", "cacert"]);
        if (options.Rest.Count == 0)
            return await command.FailAsync("no URL specified!", 2);
        var url = UrlOf(options.Rest[0]);
        var data = options.Value("d") ?? options.Value("data");
        var method = options.Value("X") ?? options.Value("request") ?? (options.Has("I") ? "HEAD" : data is null ? "GET" : "POST");
        try
        {
            using var timeout = Timeout(command, options.Value("m") ?? options.Value("max-time") ?? options.Value("connect-timeout"), otherwise: 300);
            var fetched = await HttpFetch.SendAsync(
                command, method, url, Headers([.. options.Values("H"), .. options.Values("header")], data is null ? null : "application/x-www-form-urlencoded"),
                data is null ? null : Encoding.UTF8.GetBytes(data), timeout.Token, options.Has("k") || options.Has("insecure") ? null : Authorities(command, options.Value("cacert")));
            if ((options.Has("f") || options.Has("fail")) && fetched.Status >= 400)
                return await Complain(22, $"The requested URL returned error: {fetched.Status}");
            if (options.Has("i") || options.Has("I"))
                await command.SayAsync(string.Concat(fetched.Headers.Prepend(fetched.StatusLine).Select(line => line + "\r\n")) + "\r\n");
            var to = options.Value("o") ?? options.Value("output");
            if (to is null)
                await command.Output.WriteAsync(fetched.Body);
            else if (to != "/dev/null")
                command.Files.WriteAllBytes(command.Absolute(to), fetched.Body);
            if ((options.Value("w") ?? options.Value("write-out")) is { } format)
                await command.SayAsync(format.Replace("%{http_code}", fetched.Status.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal).Replace("\\n", "\n", StringComparison.Ordinal));
            return 0;
        }
        catch (OperationCanceledException ex) when (ex is not OomKilledException && !command.Process.Killed.IsCancellationRequested)
        {
            return await Complain(28, "Connection timed out");
        }
        catch (SocketException refused)
        {
            return refused.SocketErrorCode == SocketError.HostNotFound
                ? await Complain(6, $"Could not resolve host: {url.Host}")
                : await Complain(7, $"Failed to connect to {url.Host} port {url.Port}: {Words(refused)}");
        }
        catch (AuthenticationException)
        {
            return await Complain(60, "SSL certificate problem: unable to get local issuer certificate");
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

    /// <summary>Whom curl trusts: the authorities of a file; nobody where none is named, as the images hold none.</summary>
    private static X509Certificate2Collection Authorities(Command command, string? file)
    {
        var authorities = new X509Certificate2Collection();
        if (file is not null)
            authorities.ImportFromPem(command.Files.ReadAllText(command.Absolute(file)));
        return authorities;
    }

    /// <summary><c>nc [-z] [-v] [-w s] host port</c>: connects, copies both ways; <c>nc -l -p port</c> waits for one connection.</summary>
    public static async Task<int> NetcatAsync(Command command)
    {
        var options = Options.Read(command.Arguments, "wpse", []);
        if (options.Has("u"))
            return await command.FailAsync("the simulator's network has no UDP");
        if (options.Has("l"))
            return await ListenAsync(command, options);
        if (options.Rest.Count < 2 || !int.TryParse(options.Rest[1], NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return await command.FailAsync("usage: nc [-zv] [-w SEC] HOST PORT, nc -l -p PORT");
        var host = options.Rest[0];
        try
        {
            using var timeout = Timeout(command, options.Value("w"), otherwise: 900);
            await using var stream = await command.Process.Network.DialAsync(host, port, timeout.Token);
            if (options.Has("v"))
                await command.Error.SayAsync($"{host} ({host}:{port}) open\n");
            if (!options.Has("z"))
                await ExchangeAsync(command, stream, stream, () => (stream as IHalfClose)?.CompleteWrites());
            return 0;
        }
        catch (OperationCanceledException ex) when (ex is not OomKilledException && !command.Process.Killed.IsCancellationRequested)
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

    /// <summary><c>nslookup name</c>, as busybox prints it.</summary>
    public static async Task<int> LookupAsync(Command command)
    {
        var words = command.Arguments.Where(word => !word.StartsWith('-')).ToList();
        if (words.Count == 0)
            return await command.FailAsync("usage: nslookup HOST [DNS_SERVER]");
        if (command.Process.Network is not INameLookup names)
            return await command.FailAsync("this network has no names");
        using var timeout = Timeout(command, null, otherwise: 15);
        try
        {
            var (name, addresses) = await names.LookupAsync(words[0], timeout.Token);
            await command.SayAsync($"Server:\t\t{names.DnsServer}\nAddress:\t{names.DnsServer}:53\n\n");
            foreach (var address in addresses)
                await command.SayAsync($"Name:\t{name}\nAddress: {address}\n");
            await command.SayAsync("\n");
            return 0;
        }
        catch (SocketException unknown) when (unknown.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData)
        {
            await command.SayAsync($"Server:\t\t{names.DnsServer}\nAddress:\t{names.DnsServer}:53\n\n");
            await command.SayAsync(unknown.SocketErrorCode == SocketError.HostNotFound ? $"** server can't find {words[0]}: NXDOMAIN\n\n" : $"*** Can't find {words[0]}: No answer\n\n");
            return 1;
        }
        catch (Exception late) when (late is SocketException or OperationCanceledException and not OomKilledException)
        {
            await command.SayAsync(";; connection timed out; no servers could be reached\n\n");
            return 1;
        }
    }

    /// <summary>There is no ICMP on the simulated wire.</summary>
    public static Task<int> PingAsync(Command command) =>
        command.FailAsync("the simulator's network carries TCP alone, no ICMP: ask with nc -z HOST PORT, or wget");

    private static async Task<int> ListenAsync(Command command, Options options)
    {
        var given = options.Value("p") ?? options.Rest.LastOrDefault();
        if (!int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return await command.FailAsync("usage: nc -l -p PORT");
        var factory = command.Process.Network.Listener ?? throw new InvalidOperationException("simulated programs listen on the simulated network only");
        await using var listener = await factory.BindAsync(new IPEndPoint(IPAddress.Any, port), command.Process.Killed);
        do
        {
            if (await listener.AcceptAsync(command.Process.Killed) is not { } connection)
                return 1;
            await using var accepted = connection;
            var transport = connection.Transport;
            await ExchangeAsync(command, transport.Input.AsStream(leaveOpen: true), transport.Output.AsStream(leaveOpen: true), () => transport.Output.Complete());
        }
        while (options.Has("k"));
        return 0;
    }

    /// <summary>Standard input goes there, what comes back goes to standard output; ends when the other side does.</summary>
    private static async Task ExchangeAsync(Command command, Stream from, Stream to, Action finish)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(command.Process.Killed);
        var sending = SendAsync();
        await from.PassOnAsync(command.Output, command.Process.Killed);
        await over.CancelAsync();
        await sending;

        async Task SendAsync()
        {
            try
            {
                var buffer = new byte[8192];
                while (await command.Input.ReadAsync(buffer, over.Token) is var count and > 0)
                {
                    await to.WriteAsync(buffer.AsMemory(0, count), over.Token);
                    await to.FlushAsync(over.Token);
                }
                finish();
            }
            catch (Exception gone) when (gone is OperationCanceledException or IOException or InvalidOperationException)
            {
                // The other side has ended first.
            }
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

    /// <summary>Fires after so many seconds of the process's clock, and when the process is killed.</summary>
    private static LinkedKill Timeout(Command command, string? seconds, int otherwise)
    {
        var limit = double.TryParse(seconds, NumberStyles.Float, CultureInfo.InvariantCulture, out var given) && given is > 0 and < SecondsMax ? given : otherwise;
        return new LinkedKill(TimeSpan.FromSeconds(limit), command.Process.Clock, command.Process.Killed);
    }

    private static string Words(SocketException failure) => failure.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => "Connection refused",
        SocketError.TimedOut => "Connection timed out",
        SocketError.HostUnreachable => "No route to host",
        _ => failure.Message,
    };
}
