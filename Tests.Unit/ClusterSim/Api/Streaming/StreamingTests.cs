using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using ClusterSim;
using ClusterSim.Access;
using ClusterSim.Machinery;

namespace ClusterSim.Tests.Api.Streaming;

/// <summary>exec and port-forward on the wire, byte by byte, as clients of every age speak it.</summary>
internal sealed class StreamingTests
{
    private const string Pods = """
        apiVersion: v1
        kind: Pod
        metadata: { name: shell, namespace: default }
        spec: { containers: [ { name: main, image: "busybox:1.36", command: [sleep, "3600"] } ] }
        ---
        apiVersion: v1
        kind: Pod
        metadata: { name: web, namespace: default }
        spec: { containers: [ { name: main, image: "nginx:1.27", readinessProbe: { tcpSocket: { port: 80 } } } ] }
        """;

    private static readonly byte[] Request = "GET / HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n"u8.ToArray();

    private SimulatedCluster _cluster = null!;
    private string _token = "";

    [OneTimeSetUp]
    public async Task Start()
    {
        _cluster = await SimulatedCluster.StartAsync();
        _cluster.ApplyYaml(Pods);
        await _cluster.ReadyAsync(TimeSpan.FromSeconds(60));
        var file = Path.GetTempFileName();
        _cluster.WriteKubeconfig(file);
        _token = KubeconfigFile.Read(file).Token!;
        File.Delete(file);
    }

    [OneTimeTearDown]
    public async Task Stop() => await _cluster.DisposeAsync();

    [Test, CancelAfter(60_000)]
    public async Task In_v5_a_client_ends_its_input_and_still_hears_all_output(CancellationToken late)
    {
        var data = Bytes(3_000_000);
        using var socket = await OpenAsync("v5.channel.k8s.io", "stdin=true&stdout=true&stderr=true", late, "cat");

        var sending = SendAsync(socket, data, late);
        var heard = await HearAsync(socket, late);
        await sending;

        Assert.That(heard.Output, Is.EqualTo(data));
        Assert.That(heard.Status.At("status").Text(), Is.EqualTo("Success"));

        async Task SendAsync(WebSocket to, byte[] all, CancellationToken cancellation)
        {
            foreach (var part in all.Chunk(100_000))
                await to.SendAsync((byte[])[0, .. part], WebSocketMessageType.Binary, true, cancellation);
            await to.SendAsync((byte[])[255, 0], WebSocketMessageType.Binary, true, cancellation);
        }
    }

    [Test, CancelAfter(60_000)]
    public async Task Input_that_nobody_reads_does_not_hold_up_the_end(CancellationToken late)
    {
        using var socket = await OpenAsync("v5.channel.k8s.io", "stdin=true&stdout=true&stderr=true", late, "sh", "-c", "head -c 10; echo; exit 4");

        var sending = Task.Run(async () =>
        {
            try
            {
                for (var i = 0; i < 100; i++)
                    await socket.SendAsync((byte[])[0, .. Bytes(100_000)], WebSocketMessageType.Binary, true, late);
            }
            catch (WebSocketException)
            {
                // The server has said goodbye.
            }
        }, late);
        var heard = await HearAsync(socket, late);
        await sending;

        Assert.That(heard.Output, Has.Length.EqualTo(11));
        Assert.That(heard.Status.At("details", "causes").Items().First().At("message").Text(), Is.EqualTo("4"));
    }

    [Test, CancelAfter(60_000)]
    public async Task Base64_is_spoken_with_clients_that_send_text_alone(CancellationToken late)
    {
        using var socket = await OpenAsync("v4.base64.channel.k8s.io", "stdin=true&stdout=true&stderr=true", late, "sh", "-c", "read line; echo got $line; echo err >&2; exit 2");
        await socket.SendAsync(Encoding.ASCII.GetBytes("0" + Convert.ToBase64String("typed\n"u8)), WebSocketMessageType.Text, true, late);

        var heard = await HearAsync(socket, late, isBase64: true);

        Assert.That(Encoding.UTF8.GetString(heard.Output), Is.EqualTo("got typed\n"));
        Assert.That(Encoding.UTF8.GetString(heard.Error), Is.EqualTo("err\n"));
        Assert.That(heard.Status.At("reason").Text(), Is.EqualTo("NonZeroExitCode"));
    }

    [Test, CancelAfter(60_000)]
    public async Task A_terminal_has_the_size_that_channel_4_says(CancellationToken late)
    {
        using var socket = await OpenAsync("v5.channel.k8s.io", "stdin=true&stdout=true&tty=true", late, "sh", "-c", "until stty size | grep -q '40 100'; do sleep 0.05; done; echo sized; exit 6");
        await socket.SendAsync((byte[])[4, .. "{\"Width\":100,\"Height\":40}\n"u8], WebSocketMessageType.Binary, true, late);

        var heard = await HearAsync(socket, late);

        Assert.That(Encoding.UTF8.GetString(heard.Output), Is.EqualTo("sized\r\n"));
        Assert.That(heard.Status.At("details", "causes").Items().First().At("message").Text(), Is.EqualTo("6"));
    }

    [Test, CancelAfter(60_000)]
    public async Task A_client_that_leaves_takes_its_process_along(CancellationToken late)
    {
        using (var socket = await OpenAsync("v4.channel.k8s.io", "stdout=true", late, "sleep", "4711"))
        {
            await Until("sleep 4711", isThere: true);
            socket.Abort();
        }

        await Until("sleep 4711", isThere: false);

        Task Until(string process, bool isThere) => Eventually.HoldsAsync(async () =>
        {
            using var asking = await OpenAsync("v5.channel.k8s.io", "stdout=true", late, "ps");
            return Encoding.UTF8.GetString((await HearAsync(asking, late)).Output);
        }, processes => processes.Contains(process, StringComparison.Ordinal) == isThere, $"'{process}' {(isThere ? "runs" : "has ended")}", cancellation: late);
    }

    [Test, CancelAfter(60_000)]
    public async Task Over_SPDY_each_stream_has_an_end_of_its_own(CancellationToken late)
    {
        var data = Bytes(2_000_000);
        await using var client = await SpdyClient.ConnectAsync(
            _cluster.ApiServer, _token, "/api/v1/namespaces/default/pods/shell/exec?command=sh&command=-c&command=cat%3B%20echo%20err%20%3E%262%3B%20exit%203&stdin=true&stdout=true&stderr=true", "v4.channel.k8s.io", late);
        var error = await client.OpenAsync(("streamtype", "error"));
        var input = await client.OpenAsync(("streamtype", "stdin"));
        var output = await client.OpenAsync(("streamtype", "stdout"));
        var complaints = await client.OpenAsync(("streamtype", "stderr"));

        await client.SendAsync(error, default, finish: true);
        foreach (var part in data.Chunk(100_000))
            await client.SendAsync(input, part, finish: false);
        await client.SendAsync(input, default, finish: true);

        Assert.That(await client.ReadToEndAsync(output, late), Is.EqualTo(data));
        Assert.That(Encoding.UTF8.GetString(await client.ReadToEndAsync(complaints, late)), Is.EqualTo("err\n"));
        Assert.That(JsonElement.Parse(await client.ReadToEndAsync(error, late)).At("details", "causes").Items().First().At("message").Text(), Is.EqualTo("3"));
    }

    [Test, CancelAfter(120_000)]
    public async Task One_port_forward_carries_any_number_of_connections(CancellationToken late)
    {
        await using var client = await SpdyClient.ConnectAsync(_cluster.ApiServer, _token, "/api/v1/namespaces/default/pods/web/portforward", "portforward.k8s.io", late);
        var id = 0;

        // More than the streams that may be open at once: those that ended must not count.
        for (var round = 0; round < 11; round++)
            foreach (var answer in await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => GetAsync("80"))))
                Assert.That(answer, Is.EqualTo(("HTTP/1.1 200 OK", "")));

        // The server closed first and told both ends; a port that nobody listens on is told on the error stream, and the connection goes on.
        var refused = await GetAsync("81");
        Assert.That(refused.Problem, Does.Contain("connect: connection refused"));
        Assert.That((await GetAsync("80")).Line, Is.EqualTo("HTTP/1.1 200 OK"));

        async Task<(string Line, string Problem)> GetAsync(string port)
        {
            var number = Interlocked.Increment(ref id).ToString(CultureInfo.InvariantCulture);
            var error = await client.OpenAsync(("streamtype", "error"), ("port", port), ("requestid", number));
            await client.SendAsync(error, default, finish: true);
            var data = await client.OpenAsync(("streamtype", "data"), ("port", port), ("requestid", number));
            await client.SendAsync(data, Request, finish: false);
            // As kubectl 1.20: its own end is finished only after the error stream's.
            var problem = Encoding.UTF8.GetString(await client.ReadToEndAsync(error, late));
            var answer = Encoding.UTF8.GetString(await client.ReadToEndAsync(data, late));
            await client.SendAsync(data, default, finish: true);
            return (answer.Split("\r\n")[0], problem);
        }
    }

    private async Task<WebSocket> OpenAsync(string protocol, string query, CancellationToken cancellation, params string[] command)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(protocol);
        socket.Options.SetRequestHeader("Authorization", $"Bearer {_token}");
#pragma warning disable CA5359 // a server of this process
        socket.Options.RemoteCertificateValidationCallback = (_, _, _, _) => true;
#pragma warning restore CA5359
        var words = string.Concat(command.Select(word => $"&command={Uri.EscapeDataString(word)}"));
        var address = new UriBuilder(_cluster.ApiServer) { Scheme = "wss", Path = "/api/v1/namespaces/default/pods/shell/exec", Query = query + words };
        await socket.ConnectAsync(address.Uri, cancellation);
        Assert.That(socket.SubProtocol, Is.EqualTo(protocol));
        return socket;
    }

    private static async Task<(byte[] Output, byte[] Error, JsonElement Status)> HearAsync(WebSocket socket, CancellationToken cancellation, bool isBase64 = false)
    {
        var channels = new[] { new MemoryStream(), new MemoryStream(), new MemoryStream(), new MemoryStream() };
        var buffer = new byte[64 * 1024];
        using var message = new MemoryStream();
        while (await socket.ReceiveAsync(buffer.AsMemory(), cancellation) is { MessageType: not WebSocketMessageType.Close } part)
        {
            message.Write(buffer, 0, part.Count);
            if (!part.EndOfMessage)
                continue;
            var all = message.ToArray();
            channels[isBase64 ? all[0] - '0' : all[0]].Write(isBase64 ? Convert.FromBase64String(Encoding.ASCII.GetString(all, 1, all.Length - 1)) : all.AsSpan(1));
            message.SetLength(0);
        }
        return (channels[1].ToArray(), channels[2].ToArray(), JsonElement.Parse(channels[3].ToArray()));
    }

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }
}
