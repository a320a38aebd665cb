using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Machinery;
using ClusterSim.Nodes.Images;
using ClusterSim.Tests.Fidelity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Processes;

namespace ClusterSim.Tests.Api;

/// <summary>The proxy subresources of pods, services and nodes, over HTTP, to a pod that tells what it was asked.</summary>
[TestFixture]
internal sealed class ProxyTests
{
    private const string Pod = "/api/v1/namespaces/default/pods/web";
    private const string Service = "/api/v1/namespaces/default/services/";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private SimulatedCluster _cluster = null!;
    private HttpClient _client = null!;

    [OneTimeSetUp]
    public async Task StartCluster()
    {
        _cluster = await SimulatedCluster.StartAsync();
        _cluster.Images.Add("mirror:1", new ServiceImage(RunMirrorAsync));
        _cluster.ApplyYaml("""
            apiVersion: v1
            kind: Pod
            metadata: { name: web, labels: { app: web } }
            spec: { containers: [{ name: main, image: "mirror:1", ports: [{ name: http, containerPort: 8080 }], readinessProbe: { tcpSocket: { port: http }, periodSeconds: 1 } }] }
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: web }
            spec: { selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: named }
            spec: { selector: { app: web }, ports: [{ name: http, port: 80, targetPort: 8080 }, { name: other, port: 81, targetPort: 8081 }] }
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: nobody }
            spec: { selector: { app: nobody }, ports: [{ port: 80 }] }
            ---
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: { name: nothing-in }
            spec: { podSelector: {}, policyTypes: [Ingress] }
            """);
        await _cluster.ReadyAsync(Patience);
        await _cluster.UntilAsync(() => _cluster.List("endpointslices", "default").Count(slice => slice.At("endpoints").Count() > 0) == 3, Patience);
        _client = ApiHttp.ClientOf(_cluster);
    }

    [OneTimeTearDown]
    public async Task StopCluster()
    {
        _client.Dispose();
        await _cluster.DisposeAsync();
    }

    [TestCase(Pod)]
    [TestCase(Pod + ":8080")]
    [TestCase(Pod + ":http")]
    [TestCase("/api/v1/namespaces/default/pods/http:web:8080")]
    [TestCase(Service + "web")]
    [TestCase(Service + "web:80")]
    [TestCase(Service + "named:http")]
    [TestCase(Service + "named:80")]
    [TestCase(Service + "http:named:http")]
    public async Task A_request_comes_to_the_pod_as_it_was_sent(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"{path}/proxy/a%20b/c?d=e%2Ff&g") { Content = new StringContent("the body") };
        request.Headers.Add("X-Mine", "yes");
        using var response = await _client.SendAsync(request);
        var told = JsonElement.Parse(await response.Content.ReadAsStringAsync());

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.Multiple(() =>
        {
            Assert.That(told.At("method").Text(), Is.EqualTo("PUT"));
            Assert.That(told.At("target").Text(), Is.EqualTo("/a%20b/c?d=e%2Ff&g"));
            Assert.That(told.At("body").Text(), Is.EqualTo("the body"));
            Assert.That(told.At("headers", "X-Mine").Text(), Is.EqualTo("yes"));
            Assert.That(told.At("headers", "X-Forwarded-Uri").Text(), Is.EqualTo($"{path}/proxy/a%20b/c"));
            Assert.That(told.At("headers", "X-Forwarded-Host").Text(), Is.EqualTo(_cluster.ApiServer.Authority));
            Assert.That(told.At("headers", "Authorization").Exists(), Is.False, "the caller's token is not the pod's to see");
        });
    }

    [TestCase("GET")]
    [TestCase("POST")]
    [TestCase("PATCH")]
    [TestCase("DELETE")]
    [TestCase("OPTIONS")]
    public async Task Every_method_is_passed_on(string method)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), Service + "web/proxy/x");
        using var response = await _client.SendAsync(request);

        Assert.That(JsonElement.Parse(await response.Content.ReadAsStringAsync()).At("method").Text(), Is.EqualTo(method));
    }

    [Test]
    public async Task Status_and_headers_of_the_answer_are_the_pods()
    {
        using var response = await _client.GetAsync(Pod + "/proxy/teapot");

        Assert.That((response.StatusCode, response.Headers.GetValues("X-Kind").Single()), Is.EqualTo(((HttpStatusCode)418, "tea")));
    }

    [Test]
    public async Task A_path_that_ends_with_proxy_is_sent_to_one_with_a_slash()
    {
        using var response = await Unfollowed(Service + "web/proxy?x=1");

        Assert.That((response.StatusCode, response.Headers.Location?.OriginalString), Is.EqualTo((HttpStatusCode.MovedPermanently, Service + "web/proxy/?x=1")));
    }

    [Test]
    public async Task Redirects_and_the_links_of_a_page_lead_back_through_the_proxy()
    {
        var prefix = Service + "web:80/proxy";
        using var redirect = await Unfollowed(prefix + "/redirect");
        var page = await _client.GetStringAsync(prefix + "/page");

        Assert.That(redirect.Headers.Location?.OriginalString, Is.EqualTo($"https://{_cluster.ApiServer.Authority}{prefix}/elsewhere?a=b"));
        Assert.That(page, Is.EqualTo($"""<html><a class="x" href="https://{_cluster.ApiServer.Authority}{prefix}/one">/one</a><img src="two.png"><a href='https://example.com/three'>3</a></html>"""));
    }

    [Test]
    public async Task A_WebSocket_is_passed_on()
    {
        using var socket = new ClientWebSocket();
        using var invoker = ApiHttp.ClientOf(_cluster);
        socket.Options.SetRequestHeader("Authorization", invoker.DefaultRequestHeaders.Authorization!.ToString());
        socket.Options.RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null;
        using var limit = new CancellationTokenSource(Patience);
        await socket.ConnectAsync(new UriBuilder(_cluster.ApiServer) { Scheme = "wss", Path = Pod + "/proxy/socket" }.Uri, limit.Token);
        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, limit.Token);
        var buffer = new byte[100];
        var read = await socket.ReceiveAsync(buffer, limit.Token);

        Assert.That(Encoding.UTF8.GetString(buffer, 0, read.Count), Is.EqualTo("hello"));
    }

    [TestCase(Service + "nobody/proxy/", 503, "no endpoints available for service \"nobody\"")]
    [TestCase(Service + "web:99/proxy/", 503, "no service port 99 found for service \"web\"")]
    [TestCase(Service + "web:http/proxy/", 503, "no endpoints available for service \"web:http\"")]
    [TestCase(Service + "ftp:web:80/proxy/", 400, "invalid service request \"ftp:web:80\"")]
    [TestCase(Service + "absent/proxy/", 404, "services \"absent\" not found")]
    [TestCase("/api/v1/namespaces/default/pods/a:b:c:d/proxy/", 400, "invalid pod request \"a:b:c:d\"")]
    [TestCase("/api/v1/nodes/absent/proxy/healthz", 404, "nodes \"absent\" not found")]
    [TestCase("/api/v1/nodes/node-1/proxy/metrics", 404, "the simulated kubelet does not answer /metrics; it has /healthz, /pods and /containerLogs/NAMESPACE/POD/CONTAINER")]
    public async Task What_cannot_be_reached_is_refused_in_a_Status(string path, int code, string message)
    {
        using var response = await _client.GetAsync(path);
        var status = JsonElement.Parse(await response.Content.ReadAsStringAsync());

        Assert.That(((int)response.StatusCode, status.At("message").Text()), Is.EqualTo((code, message)));
    }

    [Test]
    public async Task A_port_on_which_nobody_listens_refuses()
    {
        using var response = await _client.GetAsync(Pod + ":9999/proxy/");
        var status = JsonElement.Parse(await response.Content.ReadAsStringAsync());

        Assert.That((int)response.StatusCode, Is.EqualTo(503));
        Assert.That(status.At("message").Text(), Does.Match("^error trying to reach service: dial tcp [0-9.]+:9999: connect: connection refused$"));
    }

    [Test]
    public async Task A_node_answers_as_its_kubelet_does()
    {
        var node = _cluster.Find("pods", "default", "web")!.Value.At("spec", "nodeName").Text();
        var pods = JsonElement.Parse(await _client.GetStringAsync($"/api/v1/nodes/{node}/proxy/pods"));

        Assert.That(await _client.GetStringAsync($"/api/v1/nodes/{node}:10250/proxy/healthz"), Is.EqualTo("ok"));
        Assert.That(pods.At("items").Items().Select(pod => pod.At("metadata", "name").Text()), Does.Contain("web"));
        Assert.That(await _client.GetStringAsync($"/api/v1/nodes/{node}/proxy/containerLogs/default/web/main"), Is.EqualTo("ready\n"));
    }

    [Test]
    public async Task RBAC_is_asked_for_the_verb_of_the_method_and_the_name_as_it_is_written()
    {
        _cluster.ApplyYaml("""
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: { name: looks }
            rules:
              - { apiGroups: [""], resources: [services/proxy], resourceNames: ["http:web:80"], verbs: [get] }
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: { name: looks }
            roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: looks }
            subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: jane }]
            """);
        var allowed = await AsJane(HttpMethod.Get, Service + "http:web:80/proxy/");
        var otherName = await AsJane(HttpMethod.Get, Service + "web:80/proxy/");
        var otherVerb = await AsJane(HttpMethod.Post, Service + "http:web:80/proxy/");

        Assert.That((allowed.Code, otherName.Code, otherVerb.Code), Is.EqualTo((200, 403, 403)));
        Assert.That(otherVerb.Body, Does.Contain("cannot create resource \\\"services/proxy\\\" in API group"));
    }

    private async Task<(int Code, string Body)> AsJane(HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("Impersonate-User", "jane");
        using var response = await _client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task<HttpResponseMessage> Unfollowed(string path)
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null } };
        using var client = new HttpClient(handler) { BaseAddress = _cluster.ApiServer };
        client.DefaultRequestHeaders.Authorization = _client.DefaultRequestHeaders.Authorization;
        return await client.GetAsync(path);
    }

    private static async Task<int> RunMirrorAsync(ServiceProcess process)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore().AddSingleton<IConnectionListenerFactory>(process.Network.Listener!);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Any, 8080));
        await using var application = builder.Build();
        application.UseWebSockets();
        application.Map("/teapot", (HttpContext context) =>
        {
            context.Response.StatusCode = 418;
            context.Response.Headers["X-Kind"] = "tea";
        });
        application.Map("/redirect", (HttpContext context) => context.Response.Redirect("/elsewhere?a=b"));
        application.Map("/page", (HttpContext context) =>
        {
            context.Response.ContentType = "text/html; charset=utf-8";
            return context.Response.WriteAsync("""<html><a class="x" href="/one">/one</a><img src="two.png"><a href='https://example.com/three'>3</a></html>""");
        });
        application.Map("/socket", EchoAsync);
        application.MapFallback(MirrorAsync);
        await application.StartAsync(process.Stop);
        await process.Output.WriteAsync("ready\n"u8.ToArray());
        await application.WaitForShutdownAsync(process.Stop);
        return 0;
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[100];
        var read = await socket.ReceiveAsync(buffer, context.RequestAborted);
        await socket.SendAsync(buffer.AsMemory(0, read.Count), WebSocketMessageType.Text, true, context.RequestAborted);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
    }

    private static async Task MirrorAsync(HttpContext context)
    {
        using var body = new StreamReader(context.Request.Body);
        var told = new JsonObject
        {
            ["method"] = context.Request.Method,
            ["target"] = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget,
            ["body"] = await body.ReadToEndAsync(),
            ["headers"] = new JsonObject(context.Request.Headers.Select(header => KeyValuePair.Create(header.Key, (JsonNode?)header.Value.ToString()))),
        };
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(told.ToJsonString());
    }
}
