using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ClusterSim.Nodes.Simulated.Commands;
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
            return Containers.ContainerExit.Terminated;
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
                return SimulatedResponse.Of(int.TryParse(request.Query("code"), CultureInfo.InvariantCulture, out var code) ? code : 200, request.Query("msg") ?? "");
            case "/header":
                return SimulatedResponse.Of(200, request.Headers.GetValueOrDefault(request.Query("key") ?? "", ""));
            case "/redirect":
                return SimulatedResponse.Of(int.Parse(request.Query("code") ?? "302", CultureInfo.InvariantCulture), "") with { Headers = [("Location", request.Query("location") ?? "/")] };
            case "/exit":
                _exit.TrySetResult(int.Parse(request.Query("code") ?? "0", CultureInfo.InvariantCulture));
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
        await using var output = new Containers.CollectedOutput();
        var code = await new Shell.ShellInterpreter(new Shell.ShellState(process), BusyboxImage.Find).RunAsync(program, Stream.Null, output, output);
        return Json(code == 0 ? new { output = output.Text } : new { output = output.Text, error = $"exit status {code}" });
    }

    /// <summary>Asks other pods on behalf of the caller: <c>?host=…&amp;port=…&amp;request=hostname&amp;tries=3</c>.</summary>
    private async Task<SimulatedResponse> DialAsync(SimulatedRequest request)
    {
        if (request.Query("protocol") is { } protocol && protocol != "http")
            return SimulatedResponse.Of(400, $"the simulator's network has no {protocol}");
        var responses = new List<string>();
        var errors = new List<string>();
        for (var tries = int.Parse(request.Query("tries") ?? "1", CultureInfo.InvariantCulture); tries > 0; tries--)
            foreach (var host in (request.Query("host") ?? "").Split(','))
            {
                using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(5), process.Clock);
                try
                {
                    var url = new Uri($"http://{host}:{request.Query("port")}/{request.Query("request")}");
                    responses.Add(Encoding.UTF8.GetString((await HttpFetch.SendAsync(process, "GET", url, [], null, timeout.Token)).Body));
                }
                catch (Exception failure) when (failure is SocketException or IOException or OperationCanceledException)
                {
                    errors.Add(failure.Message);
                }
            }
        return Json(errors.Count == 0 ? new { responses } : new { responses, errors });
    }

    private static SimulatedResponse Json(object value) => new(200, JsonSerializer.SerializeToUtf8Bytes(value), "application/json");
}
