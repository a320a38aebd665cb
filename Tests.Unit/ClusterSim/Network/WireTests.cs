using System.Net;
using System.Net.Sockets;
using System.Text;
using ClusterSim.Machinery;
using ClusterSim.Network;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Tests.Network;

[Parallelizable(ParallelScope.All)]
[CancelAfter(30_000)]
internal sealed class WireTests
{
    private const string DenyAllIngress = """
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: { name: default-deny, namespace: payments }
        spec: { podSelector: {}, policyTypes: [ Ingress ] }
        """;

    [Test]
    public async Task A_request_to_a_Service_is_answered_by_one_of_its_pods()
    {
        await using var net = new TestNetwork();
        var server = net.Pod("payments", "provider-0");
        await net.ServeAsync(server, 8082);
        net.Service("payments", "provider", "10.96.1.1", 80, 8082, server);
        using var client = TestNetwork.Client(net.Pod("invoices", "app-0").Join("main"));

        foreach (var name in (string[])["provider.payments", "provider.payments.svc", "provider.payments.svc.cluster.local", "10.96.1.1", "provider.payments.svc.cluster.local."])
            Assert.That(await client.GetStringAsync($"http://{name}/"), Is.EqualTo(server.Address.ToString()), name);
    }

    [Test]
    public async Task HTTP_2_without_TLS_works_over_the_wire()
    {
        await using var net = new TestNetwork();
        var server = net.Pod("payments", "provider-0");
        await net.ServeAsync(server, 8082, app => app.Run(context => context.Response.WriteAsync(context.Request.Protocol)), build: builder =>
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = Microsoft.AspNetCore.Server.Kestrel.Core.HttpProtocols.Http2)));
        using var client = TestNetwork.Client(net.Pod("invoices", "app-0").Join("main"), h2c: true);

        Assert.That(await client.GetStringAsync($"http://{server.Address}:8082/"), Is.EqualTo("HTTP/2"));
    }

    [Test]
    public async Task A_WebSocket_runs_over_the_wire()
    {
        await using var net = new TestNetwork();
        var server = net.Pod("payments", "provider-0");
        await net.ServeAsync(server, 8082, app =>
        {
            app.UseWebSockets();
            app.Run(async context =>
            {
                using var socket = await context.WebSockets.AcceptWebSocketAsync();
                var buffer = new byte[100];
                var said = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
                await socket.SendAsync(buffer.AsMemory(0, said.Count), said.MessageType, true, context.RequestAborted);
                await socket.CloseAsync(System.Net.WebSockets.WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
            });
        });
        var from = net.Pod("invoices", "app-0").Join("main");
        using var socket = new System.Net.WebSockets.ClientWebSocket();
        using var invoker = new HttpMessageInvoker(new SocketsHttpHandler { ConnectCallback = (context, stop) => from.DialAsync(context.DnsEndPoint.Host, context.DnsEndPoint.Port, stop) });
        await socket.ConnectAsync(new Uri($"ws://{server.Address}:8082/"), invoker, default);

        await socket.SendAsync("hello"u8.ToArray(), System.Net.WebSockets.WebSocketMessageType.Text, true, default);
        var buffer = new byte[100];
        var echoed = await socket.ReceiveAsync(buffer, default);

        Assert.That(Encoding.UTF8.GetString(buffer, 0, echoed.Count), Is.EqualTo("hello"));
    }

    [Test]
    public async Task Both_ends_know_each_others_addresses()
    {
        await using var net = new TestNetwork();
        var server = net.Pod("payments", "provider-0");
        await net.ServeAsync(server, 8082, app => app.Run(context => context.Response.WriteAsync(
            $"{context.Connection.LocalIpAddress}:{context.Connection.LocalPort} {context.Connection.RemoteIpAddress}")));
        var caller = net.Pod("invoices", "app-0");
        using var client = TestNetwork.Client(caller.Join("main"));

        Assert.That(await client.GetStringAsync($"http://{server.Address}:8082/"), Is.EqualTo($"{server.Address}:8082 {caller.Address}"));
    }

    [Test]
    public async Task A_half_closed_stream_still_carries_the_answer()
    {
        await using var net = new TestNetwork();
        var server = net.Pod("a", "server");
        var listener = await TestNetwork.ListenAsync(server.Join("main"), 7);
        await using var client = await net.Pod("a", "client").Join("main").DialAsync(server.Address.ToString(), 7, default);
        var accepted = await listener.AcceptAsync();

        await client.WriteAsync("ping"u8.ToArray());
        ((IHalfClose)client).CompleteWrites();
        using var heard = new MemoryStream();
        await accepted!.Transport.Input.CopyToAsync(heard);
        await accepted.Transport.Output.WriteAsync("pong"u8.ToArray());
        await accepted.Transport.Output.CompleteAsync();
        using var reader = new StreamReader(client);

        Assert.That(Encoding.UTF8.GetString(heard.ToArray()), Is.EqualTo("ping"));
        Assert.That(await reader.ReadToEndAsync(), Is.EqualTo("pong"));
        Assert.That(accepted.ConnectionClosed.IsCancellationRequested, Is.False);
    }

    [Test]
    public async Task A_writer_waits_for_a_reader_that_does_not_read()
    {
        await using var net = new TestNetwork();
        var server = net.Pod("a", "server");
        var listener = await TestNetwork.ListenAsync(server.Join("main"), 7);
        await using var client = await net.Pod("a", "client").Join("main").DialAsync(server.Address.ToString(), 7, default);
        var accepted = await listener.AcceptAsync();
        var much = new byte[5_000_000];
        Random.Shared.NextBytes(much);

        var writing = client.WriteAsync(much).AsTask();
        var first = await accepted!.Transport.Input.ReadAsync();
        accepted.Transport.Input.AdvanceTo(first.Buffer.Start);
        Assert.That(writing.IsCompleted, Is.False);
        Assert.That(first.Buffer.Length, Is.LessThan(2_000_000));

        using var heard = new MemoryStream();
        var reading = accepted.Transport.Input.CopyToAsync(heard);
        await writing;
        ((IHalfClose)client).CompleteWrites();
        await reading;
        Assert.That(heard.ToArray(), Is.EqualTo(much));
    }

    [Test]
    public async Task A_severed_pods_streams_end_at_once_and_it_accepts_and_dials_no_more()
    {
        await using var net = new TestNetwork();
        var server = net.Pod("a", "server");
        var halfway = new TaskCompletionSource();
        var aborted = new TaskCompletionSource();
        var serving = await net.ServeAsync(server, 80, app => app.Run(async context =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            await context.Response.WriteAsync("half of");
            await context.Response.Body.FlushAsync();
            await halfway.Task;
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        }));
        var caller = net.Pod("a", "client").Join("main");
        using var client = TestNetwork.Client(caller);
        using var answer = await client.GetAsync($"http://{server.Address}/", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await answer.Content.ReadAsStreamAsync();
        Assert.That(await body.ReadAsync(new byte[100]), Is.EqualTo(7));

        halfway.SetResult();
        server.Sever();

        Assert.That(async () => await body.ReadAsync(new byte[100]), Throws.InstanceOf<IOException>());
        await aborted.Task;
        Assert.That(await TestNetwork.DialErrorAsync(caller, server.Address.ToString(), 80), Is.EqualTo(SocketError.ConnectionRefused));
        Assert.That(await TestNetwork.DialErrorAsync(serving, server.Address.ToString(), 80), Is.EqualTo(SocketError.NetworkDown).Or.EqualTo(SocketError.ConnectionRefused));
        Assert.That(net.Wire.Connections, Is.Empty);
    }

    [Test]
    public async Task Severing_one_container_leaves_its_neighbour_alone()
    {
        await using var net = new TestNetwork();
        var pod = net.Pod("a", "server");
        var main = await net.ServeAsync(pod, 80);
        await net.ServeAsync(pod, 81, container: "sidecar");
        var caller = net.Pod("a", "client").Join("main");
        using var client = TestNetwork.Client(caller);
        await client.GetStringAsync($"http://{pod.Address}:81/");

        main.Sever();

        Assert.That(await TestNetwork.DialErrorAsync(caller, pod.Address.ToString(), 80), Is.EqualTo(SocketError.ConnectionRefused));
        Assert.That(await client.GetStringAsync($"http://{pod.Address}:81/"), Is.EqualTo(pod.Address.ToString()));

        await main.DisposeAsync();
        await net.ServeAsync(pod, 80);
        Assert.That(await client.GetStringAsync($"http://{pod.Address}/"), Is.EqualTo(pod.Address.ToString()));
    }

    [Test]
    public async Task A_rejecting_network_refuses_what_policy_denies_and_open_connections_stay_open()
    {
        await using var net = new TestNetwork();
        var server = net.Pod("payments", "provider-0");
        await net.ServeAsync(server, 80);
        var caller = net.Pod("web", "app").Join("main");
        using var open = TestNetwork.Client(caller);
        await open.GetStringAsync($"http://{server.Address}/");

        net.Apply(DenyAllIngress);

        Assert.That(await TestNetwork.DialErrorAsync(caller, server.Address.ToString(), 80), Is.EqualTo(SocketError.ConnectionRefused));
        Assert.That(await open.GetStringAsync($"http://{server.Address}/"), Is.Not.Empty);

        net.Delete("networkpolicies", "networking.k8s.io", "payments", "default-deny");
        Assert.That(await TestNetwork.DialErrorAsync(caller, server.Address.ToString(), 80), Is.Null);
    }

    [Test]
    public async Task A_pod_that_comes_after_a_policy_is_isolated_from_its_first_connection_on()
    {
        await using var net = new TestNetwork();
        net.Apply(DenyAllIngress);
        var caller = net.Pod("web", "app").Join("main");

        var late = net.Pod("payments", "provider-0");
        // Before anything listens there: no different from afterwards.
        Assert.That(await TestNetwork.DialErrorAsync(caller, late.Address.ToString(), 80), Is.EqualTo(SocketError.ConnectionRefused));
        await net.ServeAsync(late, 80);
        Assert.That(await TestNetwork.DialErrorAsync(caller, late.Address.ToString(), 80), Is.EqualTo(SocketError.ConnectionRefused));

        net.Delete("networkpolicies", "networking.k8s.io", "payments", "default-deny");
        Assert.That(await TestNetwork.DialErrorAsync(caller, late.Address.ToString(), 80), Is.Null, "it was the policy");
    }

    [Test]
    public async Task A_dropping_network_lets_the_caller_wait_and_is_idle_meanwhile()
    {
        await using var net = new TestNetwork(new NetworkOptions { Denied = DeniedTraffic.Drop });
        var server = net.Pod("payments", "provider-0");
        await net.ServeAsync(server, 80);
        net.Apply(DenyAllIngress);
        using var patience = new CancellationTokenSource();

        var dialling = net.Pod("web", "app").Join("main").DialAsync(server.Address.ToString(), 80, patience.Token).AsTask();

        Assert.That(dialling.IsCompleted, Is.False);
        Assert.That(net.Quiescence.IsIdle, Is.True);
        await patience.CancelAsync();
        Assert.That(async () => await dialling, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Probes_from_the_pods_own_node_pass_any_policy()
    {
        await using var net = new TestNetwork();
        var server = net.Pod("payments", "provider-0", node: "node-1");
        await net.ServeAsync(server, 80);
        net.Apply(DenyAllIngress);

        await using var probe = await net.Wire.DialFromNodeAsync("node-1", server.Address, 80, default);

        Assert.That(async () => await net.Wire.DialFromNodeAsync("node-2", server.Address, 80, default), Throws.InstanceOf<SocketException>());
    }

    [Test]
    public async Task What_listens_on_localhost_is_reached_from_its_own_pod_only()
    {
        await using var net = new TestNetwork();
        var server = net.Pod("a", "server");
        await net.ServeAsync(server, 80, host: "localhost");
        using var inside = TestNetwork.Client(server.Join("sidecar"));

        Assert.That(await inside.GetStringAsync("http://localhost/"), Is.EqualTo(server.Address.ToString()));
        Assert.That(await TestNetwork.DialErrorAsync(net.Pod("a", "client").Join("main"), server.Address.ToString(), 80), Is.EqualTo(SocketError.ConnectionRefused));
    }

    [Test]
    public async Task A_port_is_given_to_one_listener_and_port_0_to_a_free_one()
    {
        await using var net = new TestNetwork();
        var pod = net.Pod("a", "server");
        await using var one = await TestNetwork.ListenAsync(pod.Join("main"), 80);

        Assert.That(async () => await TestNetwork.ListenAsync(pod.Join("sidecar"), 80), Throws.InstanceOf<AddressInUseException>());
        await using var chosen = await TestNetwork.ListenAsync(pod.Join("sidecar"), 0);
        Assert.That(((IPEndPoint)chosen.EndPoint).Port, Is.GreaterThan(1024));
    }

    [Test]
    public async Task The_same_pod_keeps_its_address_until_it_is_detached()
    {
        await using var net = new TestNetwork();
        var first = net.Pod("a", "one");
        var again = net.Wire.Attach(new PodIdentity("a", "one", "pods/a/one", "node-1", "one"));
        var second = net.Pod("a", "two");
        var elsewhere = net.Pod("a", "three", node: "node-2");

        Assert.That(again.Address, Is.EqualTo(first.Address));
        Assert.That(second.Address, Is.Not.EqualTo(first.Address));
        Assert.That(net.Wire.PodRangeOf("node-2"), Is.EqualTo("10.244.1.0/24"));
        Assert.That(elsewhere.Address.ToString(), Does.StartWith("10.244.1."));

        await first.DisposeAsync();
        Assert.That(await TestNetwork.DialErrorAsync(second.Join("main"), first.Address.ToString(), 80), Is.EqualTo(SocketError.HostUnreachable));
    }

    [Test]
    public async Task Nothing_outside_is_reached_unless_the_option_allows_it()
    {
        await using var net = new TestNetwork();
        var client = net.Pod("a", "client").Join("main");

        Assert.That(await TestNetwork.DialErrorAsync(client, "192.0.2.1", 80), Is.EqualTo(SocketError.NetworkUnreachable));
        Assert.That(await TestNetwork.DialErrorAsync(client, "example.com", 80), Is.EqualTo(SocketError.HostNotFound));
    }

    [Test]
    public async Task Where_the_outside_is_allowed_egress_policy_decides_and_a_cut_reaches_it()
    {
        var own = System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()
            .SelectMany(card => card.GetIPProperties().UnicastAddresses).Select(address => address.Address)
            .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address));
        Assume.That(own, Is.Not.Null, "this machine has no address but loopback");
        using var outside = new TcpListener(own!, 0);
        outside.Start();
        var port = ((IPEndPoint)outside.LocalEndpoint).Port;
        await using var net = new TestNetwork(new NetworkOptions { Denied = DeniedTraffic.Reject, AllowExternal = true });
        var pod = net.Pod("a", "client");
        await using var stream = await pod.Join("main").DialAsync(own!.ToString(), port, default);
        using var accepted = await outside.AcceptSocketAsync();

        await stream.WriteAsync("ping"u8.ToArray());
        var buffer = new byte[10];
        Assert.That(await accepted.ReceiveAsync(buffer), Is.EqualTo(4));
        await accepted.SendAsync("pong"u8.ToArray());
        Assert.That(await stream.ReadAsync(buffer), Is.EqualTo(4));

        net.Apply("""
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: { name: no-way-out, namespace: a }
            spec: { podSelector: {}, policyTypes: [ Egress ] }
            """);
        Assert.That(await TestNetwork.DialErrorAsync(pod.Join("main"), own.ToString(), port), Is.EqualTo(SocketError.ConnectionRefused));
        pod.Sever();
        Assert.That(async () => await accepted.ReceiveAsync(buffer), Throws.InstanceOf<SocketException>());
    }
}
