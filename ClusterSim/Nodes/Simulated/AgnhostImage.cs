using System.Globalization;
using System.Net.Sockets;
using System.Text;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Images;
using ClusterSim.Nodes.Simulated.Commands;
using Processes;

namespace ClusterSim.Nodes.Simulated;

/// <summary>
/// <c>registry.k8s.io/e2e-test-images/agnhost</c>, the image of Kubernetes' own tests: pause, netexec, serve-hostname, connect, porter,
/// liveness, entrypoint-tester, test-webserver, logs-generator, mounttest, inclusterclient, grpc-health-checking, port-forward-tester,
/// dns-suffix, dns-server-list, etc-hosts. Other subcommands are refused.
/// </summary>
internal static class AgnhostImage
{
    private const string Version = "2.57";

    /// <summary>The image.</summary>
    public static Image Create() => BusyboxImage.Create(
        "agnhost",
        new ImageConfiguration { Entrypoint = ["/agnhost"], Command = ["pause"] },
        ("agnhost", RunAsync),
        ("/agnhost", RunAsync));

    private static async Task<int> RunAsync(ServiceProcess process)
    {
        var words = process.Arguments.Count == 0 ? ["pause"] : process.Arguments;
        var options = Options.Read([.. words.Skip(1)], "t", ["port", "http-port", "service", "delay-unhealthy-sec", "udp-port", "sctp-port", "timeout", "protocol", "log-lines-total", "run-duration", "http-override", "delay-shutdown", "poll-interval"]);
        switch (words[0])
        {
            case "pause":
                await process.Output.SayAsync("Paused\n");
                await process.TerminatedAsync();
                return 2;
            case "serve-hostname":
                return await ServeAsync(process, Port(options, "port", 9376), _ => SimulatedResponse.Of(200, Hostname(process)));
            case "test-webserver":
                var files = Command.Of("test-webserver", process);
                return await ServeAsync(process, Port(options, "port", 80), request => StaticFiles.Answer(files, "/", request) is { Status: 200 } file ? file : SimulatedResponse.Of(request.Path == "/" ? 200 : 404, ""));
            case "liveness":
                var started = process.Clock.GetUtcNow();
                return await ServeAsync(process, 8080, request =>
                {
                    var age = process.Clock.GetUtcNow() - started;
                    return request.Path == "/healthz" && age > TimeSpan.FromSeconds(10) ? SimulatedResponse.Of(500, $"error: {age.TotalSeconds}") : SimulatedResponse.Of(200, "ok");
                });
            case "netexec":
                return await new AgnhostNetexec(process).RunAsync(Port(options, "http-port", 8080));
            case "porter":
                return await PorterAsync(process);
            case "connect":
                return await ConnectAsync(process, options);
            case "entrypoint-tester":
                await process.Output.SayAsync($"[{string.Join(' ', words.Prepend("/agnhost"))}]\n");
                return 0;
            case "logs-generator":
                return await LogsAsync(process, options);
            case "mounttest":
                return await AgnhostMounttest.RunAsync(Command.Of("mounttest", process with { Arguments = [.. words.Skip(1)] }));
            case "inclusterclient":
                return await InClusterClientAsync(process, options);
            case "grpc-health-checking":
                return await new AgnhostGrpcHealth(process, options.Value("service") ?? "").RunAsync(
                    Port(options, "port", 5000), Port(options, "http-port", 8080), Port(options, "delay-unhealthy-sec", -1));
            case "port-forward-tester":
                return await AgnhostPortForwardTester.RunAsync(process);
            case "dns-suffix":
                return await SayAsync(process, string.Join(',', Resolver(process, "search")));
            case "dns-server-list":
                return await SayAsync(process, string.Join(',', Resolver(process, "nameserver")));
            case "etc-hosts":
                return await SayAsync(process, Text(process, "/etc/hosts"));
            case "--version" or "version":
                await process.Output.SayAsync($"agnhost version {Version}\n");
                return 0;
            case var other:
                await process.Error.SayAsync($"agnhost: the simulator has no '{other}'\n");
                return 1;
        }
    }

    private static async Task<int> ServeAsync(ServiceProcess process, int port, Func<SimulatedRequest, SimulatedResponse> answer)
    {
        await new HttpResponder(process, request => ValueTask.FromResult(answer(request))).ServeAsync(port);
        return ContainerTerminated;
    }

    // A Go program without a handler ends by the signal.
    private const int ContainerTerminated = ContainerExit.Terminated;

    private static async Task<int> SayAsync(ServiceProcess process, string text)
    {
        await process.Output.SayAsync(text + "\n");
        return 0;
    }

    private static string Text(ServiceProcess process, string path) => Command.Of("agnhost", process).Files.ReadAllText(path);

    private static IEnumerable<string> Resolver(ServiceProcess process, string field) => Text(process, "/etc/resolv.conf").Split('\n')
        .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(words => words.FirstOrDefault() == field).SelectMany(words => words.Skip(1));

    private static async Task<int> PorterAsync(ServiceProcess process)
    {
        var serving = process.Environment.Where(variable => variable.Key.StartsWith("SERVE_PORT_", StringComparison.Ordinal)).Select(variable =>
            ServeAsync(process, int.Parse(variable.Key["SERVE_PORT_".Length..], CultureInfo.InvariantCulture), _ => SimulatedResponse.Of(200, variable.Value)));
        await Task.WhenAll(serving);
        return ContainerTerminated;
    }

    private static async Task<int> ConnectAsync(ServiceProcess process, Options options)
    {
        var parts = (options.Rest.ElementAtOrDefault(0) ?? "").Split(':');
        if (parts.Length != 2 || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var port))
            return await Fail("UNKNOWN address: " + options.Rest.ElementAtOrDefault(0));
        if (options.Value("protocol") is { } protocol && protocol != "tcp")
            return await Fail($"OTHER: the simulator's network has no {protocol}");
        using var timeout = new CancellationTokenSource(Duration(options.Value("timeout")) ?? TimeSpan.FromDays(1), process.Clock);
        try
        {
            await (await process.Network.DialAsync(parts[0], port, timeout.Token)).DisposeAsync();
            return 0;
        }
        catch (OperationCanceledException)
        {
            return await Fail("TIMEOUT");
        }
        catch (SocketException refused)
        {
            return await Fail(refused.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => "REFUSED",
                SocketError.HostNotFound => $"DNS: lookup {parts[0]}: no such host",
                _ => $"OTHER: {refused.Message}",
            });
        }

        async Task<int> Fail(string why)
        {
            await process.Error.SayAsync(why + "\n");
            return 1;
        }
    }

    private static async Task<int> LogsAsync(ServiceProcess process, Options options)
    {
        var total = int.Parse(options.Value("log-lines-total") ?? options.Value("t") ?? "100", CultureInfo.InvariantCulture);
        var pause = (Duration(options.Value("run-duration")) ?? TimeSpan.FromSeconds(1)) / Math.Max(1, total);
        for (var line = 0; line < total; line++)
        {
            await process.Output.SayAsync($"I{process.Clock.GetUtcNow():MMdd HH:mm:ss.ffffff}       1 logs_generator.go:76] {line} GET /api/v1/namespaces/default/pods/{line} 200\n");
            if (pause > TimeSpan.Zero)
                await Task.Delay(pause, process.Clock, process.Stop);
        }
        return 0;
    }

    /// <summary>Asks the API server for /healthz with the pod's own token, again and again: whether a token is read anew shows in its hash.</summary>
    private static async Task<int> InClusterClientAsync(ServiceProcess process, Options options)
    {
        const string Account = "/var/run/secrets/kubernetes.io/serviceaccount";
        var pause = TimeSpan.FromSeconds(int.Parse(options.Value("poll-interval") ?? "30", CultureInfo.InvariantCulture));
        if (process.Environment.GetValueOrDefault("KUBERNETES_SERVICE_HOST") is not { } host)
        {
            await process.Error.SayAsync("unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined\n");
            return 1;
        }
        var url = new Uri($"https://{host}:{process.Environment.GetValueOrDefault("KUBERNETES_SERVICE_PORT", "443")}/healthz");
        while (true)
        {
            await Task.Delay(pause, process.Clock, process.Stop);
            var header = $"Bearer {Text(process, $"{Account}/token")}";
            await LogAsync('I', "calling /healthz");
            await LogAsync('I', $"authz_header={System.Buffers.Text.Base64Url.EncodeToString(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes($"salt|{header}")))}");
            try
            {
                var authorities = new System.Security.Cryptography.X509Certificates.X509Certificate2Collection();
                authorities.ImportFromPem(Text(process, $"{Account}/ca.crt"));
                var answer = await HttpFetch.SendAsync(Command.Of("agnhost", process), "GET", url, [("Authorization", header)], null, process.Stop, authorities);
                if (answer.Status != 200)
                    await FailAsync($"{answer.StatusLine}\n{Encoding.UTF8.GetString(answer.Body)}");
            }
            catch (Exception unreachable) when (unreachable is SocketException or IOException or System.Security.Authentication.AuthenticationException)
            {
                await FailAsync(unreachable.Message);
            }
        }

        async Task FailAsync(string why)
        {
            await LogAsync('E', "status=failed");
            await LogAsync('E', $"error checking /healthz: {why}");
        }

        Task LogAsync(char level, string text) => process.Error.SayAsync($"{level}{process.Clock.GetUtcNow():MMdd HH:mm:ss.ffffff}       1 main.go:61] {text}\n");
    }

    /// <summary>A Go duration of one unit: <c>3s</c>, <c>500ms</c>, <c>2m</c>.</summary>
    private static TimeSpan? Duration(string? text)
    {
        if (text is null)
            return null;
        var number = text.TrimEnd('m', 's', 'h');
        var value = double.Parse(number, CultureInfo.InvariantCulture);
        return text[number.Length..] switch { "ms" => TimeSpan.FromMilliseconds(value), "m" => TimeSpan.FromMinutes(value), "h" => TimeSpan.FromHours(value), _ => TimeSpan.FromSeconds(value) };
    }

    private static int Port(Options options, string name, int otherwise) =>
        int.TryParse(options.Value(name), NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : otherwise;

    private static string Hostname(ServiceProcess process) => process.Environment.GetValueOrDefault("HOSTNAME", "localhost");
}
