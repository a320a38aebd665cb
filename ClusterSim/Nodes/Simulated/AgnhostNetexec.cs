using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ClusterSim.Nodes.Cgroups;
using ClusterSim.Nodes.Containers;
using ClusterSim.Nodes.Simulated.Commands;
using ClusterSim.Nodes.Simulated.Shell;
using Processes;

namespace ClusterSim.Nodes.Simulated;

/// <summary><c>agnhost netexec</c>, over HTTP: the server that Kubernetes' network tests talk to.</summary>
internal sealed class AgnhostNetexec(ServiceProcess process)
{
    private readonly TaskCompletionSource<int> _exit = new();

    /// <summary>Serves until it is told to end. As the real one it tells of every request, which is what tests of hooks look for.</summary>
    public async Task<int> RunAsync(int port)
    {
        await LogAsync($"Started HTTP server on port {port}");
        using var end = CancellationTokenSource.CreateLinkedTokenSource(process.Stop);
        var serving = new HttpResponder(process with { Stop = end.Token }, AnswerAsync).ServeAsync(port);
        if (await Task.WhenAny(serving, _exit.Task) == serving)
            return ContainerExit.Terminated;
        end.Cancel(); // not CancelAsync: nobody would count it as under way
        return await _exit.Task;
    }

    private Task LogAsync(string text) => process.Error.SayAsync($"{process.Clock.GetUtcNow():yyyy/MM/dd HH:mm:ss} {text}\n");

    private async ValueTask<SimulatedResponse> AnswerAsync(SimulatedRequest request)
    {
        await LogAsync($"{request.Method} {request.Target}");
        switch (request.Path)
        {
            case "/":
                return SimulatedResponse.Of(200, $"NOW: {process.Clock.GetUtcNow():yyyy-MM-dd HH:mm:ss.fff} +0000 UTC");
            case "/hostname" or "/hostName":
                return SimulatedResponse.Of(200, process.Environment.GetValueOrDefault("HOSTNAME", ""));
            case "/healthz":
                return SimulatedResponse.Of(200, "");
            case "/clientip":
                return SimulatedResponse.Of(200, request.Remote);
            case "/echo":
                return Code(request, 200) is { } code ? SimulatedResponse.Of(code, request.Query("msg") ?? "") : NoCode(request, "or empty");
            case "/header":
                return request.Query("key") is { Length: > 0 } key
                    ? SimulatedResponse.Of(200, request.Headers.GetValueOrDefault(key, ""))
                    : SimulatedResponse.Of(200, JsonSerializer.Serialize(request.Headers.Where(field => field.Key != "Host").ToDictionary(field => field.Key, field => (string[])[field.Value], StringComparer.Ordinal)));
            case "/redirect":
                return Code(request, 302) is { } redirect
                    ? SimulatedResponse.Of(redirect, "") with { Headers = [("Location", request.Query("location") ?? "/")] }
                    : NoCode(request, "or empty");
            case "/exit":
                if (Code(request, 0) is not { } exit)
                    return NoCode(request, "[0-127] or empty");
                _exit.TrySetResult(exit);
                return SimulatedResponse.Of(200, "");
            case "/shutdown":
                _exit.TrySetResult(0);
                return SimulatedResponse.Of(200, "");
            case "/shell":
                return await ShellAsync(request.Query("shellCommand") ?? request.Query("cmd") ?? "");
            case "/dial":
                return await DialAsync(request);
            default:
                return SimulatedResponse.Of(404, "404 page not found\n");
        }
    }

    private async Task<SimulatedResponse> ShellAsync(string program)
    {
        await using var output = new CollectedOutput();
        using var memory = new ProcessMemory(ChildProcess.CgroupOf(process)?.Memory);
        using var shell = new ShellState(process, memory);
        var code = await new ShellInterpreter(shell, BusyboxImage.Find).RunAsync(program, Stream.Null, output, output);
        return Json(code == 0 ? new { output = output.Text } : new { output = output.Text, error = $"exit status {code}" });
    }

    /// <summary>Asks other pods on behalf of the caller: <c>?host=…&amp;port=…&amp;request=hostname&amp;tries=3</c>; every try is told.</summary>
    private async Task<SimulatedResponse> DialAsync(SimulatedRequest request)
    {
        if (request.Query("protocol") is { Length: > 0 } protocol && protocol != "http")
            return SimulatedResponse.Of(400, $"the simulator's network has no {protocol}\n");
        var tries = 1;
        if (request.Query("tries") is { Length: > 0 } wanted && !int.TryParse(wanted, CultureInfo.InvariantCulture, out tries))
            return SimulatedResponse.Of(400, $"tries parameter is invalid. strconv.Atoi: parsing \"{wanted}\": invalid syntax\n");
        if (request.Query("request") is not { Length: > 0 } asked)
            return SimulatedResponse.Of(400, "request parameter not specified. <nil>\n");
        if (!Uri.TryCreate($"http://{request.Query("host")}:{request.Query("port")}/{asked}", UriKind.Absolute, out var url))
            return SimulatedResponse.Of(400, $"host and/or port param are invalid. address {request.Query("host")}:{request.Query("port")}: invalid\n");
        var responses = new List<string>();
        var errors = new List<string>();
        var last = "";
        for (; tries > 0; tries--)
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(5), process.Clock);
            try
            {
                last = Encoding.UTF8.GetString((await HttpFetch.SendAsync(Command.Of("agnhost", process), "GET", url, [], null, timeout.Token)).Body);
                responses.Add(last);
            }
            catch (Exception failure) when (failure is SocketException or IOException or OperationCanceledException)
            {
                last = "";
                errors.Add(failure.Message);
            }
        }
        var found = new Dictionary<string, List<string>>(StringComparer.Ordinal);
        if (errors.Count > 0)
            found["errors"] = errors;
        if (last.Length > 0) // netexec.go tells them only where the last try had an answer
            found["responses"] = responses;
        return Json(found);
    }

    // What Go's strconv.Atoi takes; null where the parameter is something else.
    private static int? Code(SimulatedRequest request, int absent) =>
        request.Query("code") is not { Length: > 0 } text ? absent : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var code) ? code : null;

    // netexec.go answers these with 200.
    private static SimulatedResponse NoCode(SimulatedRequest request, string allowed) =>
        SimulatedResponse.Of(200, $"argument 'code' must be an integer {allowed}, got \"{request.Query("code")}\"\n");

    private static SimulatedResponse Json(object value) => new(200, JsonSerializer.SerializeToUtf8Bytes(value), "application/json");
}
