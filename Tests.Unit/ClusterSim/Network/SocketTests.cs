using System.Net;
using System.Net.Sockets;
using System.Text;
using ClusterSim.Network;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Tests.Network;

[Parallelizable(ParallelScope.All)]
[CancelAfter(30_000)]
internal sealed class SocketTests
{
    [Test]
    [Platform(Exclude = "Win")]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task A_Unix_socket_enters_the_wire_as_its_pod_and_goes_with_it()
    {
        await using var net = new TestNetwork();
        var server = net.Pod("db", "postgres-0");
        await using var listener = await TestNetwork.ListenAsync(server.Join("main"), 5432);
        net.Service("db", "postgres", "10.96.0.9", 5432, 5432, server);
        var pod = net.Pod("a", "client");
        var directory = pod.Join("main").SocketDirectory("postgres.db", 5432)!;
        var path = Path.Combine(directory, ".s.PGSQL.5432");
        Assert.That(Encoding.UTF8.GetByteCount(path), Is.LessThan(100));
        Assert.That(File.GetUnixFileMode(directory), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute));

        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
        await socket.SendAsync("ping"u8.ToArray());
        socket.Shutdown(SocketShutdown.Send);
        var accepted = await listener.AcceptAsync();
        Assert.That(((IPEndPoint)accepted!.RemoteEndPoint!).Address, Is.EqualTo(pod.Address));
        using var heard = new MemoryStream();
        await accepted.Transport.Input.CopyToAsync(heard);
        Assert.That(Encoding.UTF8.GetString(heard.ToArray()), Is.EqualTo("ping"));
        await accepted.Transport.Output.WriteAsync("pong"u8.ToArray());
        var buffer = new byte[10];
        Assert.That(await socket.ReceiveAsync(buffer), Is.EqualTo(4));

        pod.Sever();
        Assert.That(await EndOfAsync(socket), Is.True, "a cut reaches the socket");
        Assert.That(Directory.Exists(directory), Is.False);
    }

    [Test]
    public async Task A_Unix_socket_whose_destination_is_refused_is_closed_at_once()
    {
        await using var net = new TestNetwork();
        net.Service("db", "postgres", "10.96.0.9", 5432, 5432);
        var path = Path.Combine(net.Pod("a", "client").Join("main").SocketDirectory("postgres.db", 5432)!, ".s.PGSQL.5432");

        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));

        Assert.That(await EndOfAsync(socket), Is.True);
    }

    [Test]
    public async Task The_watchdog_notices_a_pods_own_sockets_and_none_of_the_wires()
    {
        using var outside = new TcpListener(IPAddress.Loopback, 0);
        outside.Start();
        var port = ((IPEndPoint)outside.LocalEndpoint).Port;
        await using var net = new TestNetwork();
        var slips = new System.Collections.Concurrent.ConcurrentQueue<(PodContext Pod, string To)>();
        net.Wire.Slipped = (pod, to) => slips.Enqueue((pod, to));
        var server = net.Pod("a", "server");
        await using var raw = await TestNetwork.ListenAsync(server.Join("db"), 5432);
        var network = server.Join("helper");
        await net.ServeAsync(server, 80, app => app.Run(async context =>
        {
            if (context.Request.Path == "/wire")
            {
                using var good = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await good.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(network.SocketDirectory("localhost", 5432)!, ".s.PGSQL.5432")));
            }
            else
            {
                using var bad = new TcpClient();
                await bad.ConnectAsync(IPAddress.Loopback, port);
            }
            await context.Response.WriteAsync(PodContext.Current?.Pod ?? "none");
        }));
        using var client = TestNetwork.Client(net.Pod("b", "client").Join("main"));

        Assert.That(await client.GetStringAsync($"http://{server.Address}/wire"), Is.EqualTo("server"), "a request is served in its pod's context");
        Assert.That(slips, Is.Empty);
        await client.GetStringAsync($"http://{server.Address}/slip");

        Assert.That(slips.Select(slip => $"{slip.Pod.Namespace}/{slip.Pod.Pod} {slip.To}"), Is.EqualTo(new[] { $"a/server 127.0.0.1:{port}" }));
        Assert.That(PodContext.Current, Is.Null, "the caller's own flow is in no pod");
    }

    private static async Task<bool> EndOfAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[10]) == 0;
        }
        catch (SocketException)
        {
            return true;
        }
    }
}

/// <summary>Many hosts, and many requests, on one wire.</summary>
[CancelAfter(60_000)]
internal sealed class WireLoadTests
{
    [Test]
    public async Task A_hundred_hosts_start_and_answer()
    {
        await using var net = new TestNetwork();

        var pods = Enumerable.Range(0, 100).Select(number => net.Pod("a", $"web-{number}")).ToList();
        foreach (var pod in pods)
            await net.ServeAsync(pod, 80);
        using var client = TestNetwork.Client(net.Pod("a", "client").Join("main"));
        foreach (var pod in pods)
            Assert.That(await client.GetStringAsync($"http://{pod.Address}/"), Is.Not.Empty);
    }

    [Test]
    public async Task Many_requests_at_once_are_answered_over_kept_connections()
    {
        await using var net = new TestNetwork();
        var server = net.Pod("a", "server");
        var body = "hello"u8.ToArray();
        await net.ServeAsync(server, 80, app => app.Run(context =>
        {
            context.Response.ContentLength = body.Length;
            return context.Response.Body.WriteAsync(body).AsTask();
        }));
        var from = net.Pod("a", "client").Join("main");
        var dialled = 0;
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectCallback = (context, stop) =>
            {
                Interlocked.Increment(ref dialled);
                return from.DialAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, stop);
            },
            UseProxy = false,
            ActivityHeadersPropagator = null,
        });
        var uri = new Uri($"http://{server.Address}/");
        const int Clients = 16, Each = 500;

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(_ => Task.Run(() => AskAsync(Each))));

        // A connection may still be on its way back to the pool when the next request needs one.
        Assert.That(dialled, Is.InRange(1, 2 * Clients));

        async Task AskAsync(int count)
        {
            for (var number = 0; number < count; number++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, uri);
                using var answer = await invoker.SendAsync(request, default);
                Assert.That(await answer.Content.ReadAsByteArrayAsync(), Is.EqualTo(body));
            }
        }
    }
}
