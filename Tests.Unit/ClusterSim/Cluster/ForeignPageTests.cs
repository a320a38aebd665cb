using System.Net;
using System.Net.Sockets;
using System.Text;
using ClusterSim.Machinery;

namespace ClusterSim.Tests.Cluster;

/// <summary>
/// What a web page in a browser on this machine can do with the ports of a cluster: nothing, unless an option allows it. The requests have the headers
/// that browsers add to them.
/// </summary>
public sealed class ForeignPageTests
{
    private const string Chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

    private static readonly string[] Listeners = ["api", "ingress", "ingress-tls", "service"];

    private SimulatedCluster _cluster = null!;
    private HttpClient _client = null!;
    private Dictionary<string, Uri> _urls = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await SimulatedCluster.StartAsync();
        _cluster.ApplyYaml(Workloads.Web(1) + """

            ---
            apiVersion: v1
            kind: Service
            metadata: { name: balanced }
            spec: { type: LoadBalancer, selector: { app: web }, ports: [ { port: 80 } ] }
            ---
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: { name: web }
            spec:
              defaultBackend: { service: { name: web, port: { number: 80 } } }
              rules:
                - { host: shop.example, http: { paths: [ { path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } } ] } }
                - { host: "*.wild.example", http: { paths: [ { path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } } ] } }
            """);
        await _cluster.ReadyAsync(TimeSpan.FromSeconds(60));
        await _cluster.UntilAsync(() => Ports("services", "balanced").Count == 1 && Ports("ingresses", "web").Count == 2, TimeSpan.FromSeconds(60));
        _urls = new(StringComparer.Ordinal)
        {
            ["api"] = new(_cluster.ApiServer, "/version"),
            ["ingress"] = _cluster.Ingress,
            ["ingress-tls"] = new($"https://localhost:{Ports("ingresses", "web").Single(port => port != _cluster.Ingress.Port)}/"),
            ["service"] = new($"http://localhost:{Ports("services", "balanced")[0]}/"),
        };
#pragma warning disable CA5359 // The certificates are not what is tested.
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } }) { Timeout = TimeSpan.FromSeconds(20) };
#pragma warning restore CA5359

        List<int> Ports(string resource, string name) =>
            [.. _cluster.Find(resource, "default", name)!.Value.At("status", "loadBalancer", "ingress").Items().SelectMany(told => told.At("ports").Items()).Select(told => (int)told.At("port").Integer(0))];
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _cluster.DisposeAsync();
    }

    [Test]
    public async Task A_page_of_another_origin_is_refused(
        [ValueSource(nameof(Listeners))] string listener,
        [Values(
            "POST|Origin: http://evil.example", // a form or a fetch of text/plain: no preflight
            "POST|Origin: null|Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: no-cors",
            "POST|Origin: null",
            "POST|Origin: http://localhost:1",
            "POST|Origin: http://localhost:1|Sec-Fetch-Site: same-site|Sec-Fetch-Mode: cors",
            "POST|Origin: not an origin",
            "POST|Referer: http://evil.example/page",
            "OPTIONS|Origin: http://evil.example|Access-Control-Request-Method: PUT|Sec-Fetch-Mode: cors|Sec-Fetch-Site: cross-site",
            "GET|Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: no-cors|Sec-Fetch-Dest: image",
            "GET|Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: iframe",
            "POST|Origin: http://evil.example|Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate|Sec-Fetch-Dest: document",
            "GET|Origin: http://evil.example|Upgrade: websocket|Connection: Upgrade|Sec-WebSocket-Version: 13|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")] string request)
    {
        using var answer = await SendAsync(listener, request);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain(".AllowedOrigins"));
        Assert.That(answer.Headers.Select(header => header.Key), Has.None.StartsWith("Access-Control"));
    }

    [Test]
    public async Task A_page_whose_name_leads_to_this_machine_is_refused(
        [ValueSource(nameof(Listeners))] string listener,
        [Values(
            "GET|User-Agent: " + Chrome, // of its own origin, so without Origin; over HTTP, so without Sec-Fetch-Site
            "GET|Accept-Language: en", // a page can name another User-Agent
            "POST|Origin: http://evil.example:{PORT}",
            "GET|Sec-Fetch-Site: same-origin",
            "GET|Sec-Fetch-Site: none|Sec-Fetch-Mode: navigate")] string request,
        [Values("evil.example", "localhost.evil.example", "127.0.0.1.evil.example")] string host)
    {
        using var answer = await SendAsync(listener, request, host);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain(".AllowedHosts"));
    }

    [Test]
    public async Task A_persons_and_an_applications_own_requests_are_answered(
        [ValueSource(nameof(Listeners))] string listener,
        [Values(
            "GET|User-Agent: " + Chrome + "|Accept-Language: en|Sec-Fetch-Site: none|Sec-Fetch-Mode: navigate|Sec-Fetch-User: ?1|Sec-Fetch-Dest: document",
            "GET|User-Agent: " + Chrome + "|Accept-Language: en",
            "GET|Sec-Fetch-Site: same-origin|Sec-Fetch-Mode: cors|Referer: http://{HOST}:{PORT}/",
            "GET|Origin: http://{HOST}:{PORT}|Sec-Fetch-Site: same-origin",
            "GET|Origin: http://{HOST}:{PORT}",
            "GET|Origin: null|Sec-Fetch-Site: same-origin", // Referrer-Policy: no-referrer
            "GET|Origin: http://localhost:8001|Sec-Fetch-Site: same-origin")] string request, // kubectl proxy
        [Values("localhost", "LOCALHOST", "127.0.0.1", "[::1]", "app.localhost")] string host)
    {
        using var answer = await SendAsync(listener, request, host);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Callers_that_are_no_browsers_may_name_any_host([ValueSource(nameof(Listeners))] string listener, [Values("", "User-Agent: curl/8.5.0", "User-Agent: kubectl/v1.36.0")] string header)
    {
        using var answer = await SendAsync(listener, "GET|" + header, "any.example");

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [TestCase("shop.example", HttpStatusCode.OK)]
    [TestCase("eu.wild.example", HttpStatusCode.OK)]
    [TestCase("a.eu.wild.example", HttpStatusCode.Forbidden)]
    [TestCase("wild.example", HttpStatusCode.Forbidden)]
    public async Task Browsers_may_name_the_hosts_of_Ingress_rules(string host, HttpStatusCode expected)
    {
        using var answer = await SendAsync("ingress", "GET|User-Agent: " + Chrome, host);

        Assert.That(answer.StatusCode, Is.EqualTo(expected));
    }

    [TestCase("ingress", HttpStatusCode.OK)]
    [TestCase("service", HttpStatusCode.OK)]
    [TestCase("api", HttpStatusCode.Forbidden)]
    public async Task A_link_of_another_page_leads_to_an_application_and_not_to_the_API(string listener, HttpStatusCode expected)
    {
        using var answer = await SendAsync(listener, "GET|Sec-Fetch-Site: cross-site|Sec-Fetch-Mode: navigate|Sec-Fetch-User: ?1|Sec-Fetch-Dest: document");

        Assert.That(answer.StatusCode, Is.EqualTo(expected));
    }

    [Test]
    public async Task The_APIs_refusal_is_a_Status_that_names_the_header_and_the_option()
    {
        using var answer = await SendAsync("api", "POST|Origin: http://evil.example");

        var status = System.Text.Json.JsonElement.Parse(await answer.Content.ReadAsStringAsync());
        Assert.That((status.At("kind").Text(), status.At("reason").Text(), status.At("message").Text()), Is.EqualTo((
            "Status", "Forbidden",
            $"Origin: found \"http://evil.example\", expected \"https://localhost:{_cluster.ApiServer.Port}\" or an origin of SimulatedClusterOptions.Browsers.AllowedOrigins: pages of other origins may not call the Kubernetes API")));
    }

    [TestCase("http://localhost:3000", "GET", HttpStatusCode.OK)]
    [TestCase("http://localhost:3000", "OPTIONS", HttpStatusCode.NoContent)]
    [TestCase("http://localhost:3001", "GET", HttpStatusCode.Forbidden)]
    public async Task A_page_of_an_allowed_origin_gets_the_APIs_answer_and_may_read_it(string origin, string method, HttpStatusCode expected)
    {
        await using var open = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Nodes = [], Browsers = new() { AllowedOrigins = ["http://localhost:3000"] } });
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(open.ApiServer, "/version")) { Headers = { { "Origin", origin }, { "Sec-Fetch-Site", "same-site" } } };

        using var answer = await _client.SendAsync(request);

        Assert.That(answer.StatusCode, Is.EqualTo(expected));
        Assert.That(answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var allowed) ? allowed : [], Is.EqualTo(expected == HttpStatusCode.Forbidden ? [] : new[] { origin }));
    }

    [TestCase("/healthz")]
    [TestCase("/version")]
    [TestCase("/api/v1/namespaces/default/pods/web/exec?command=id")]
    [TestCase("/api/v1/namespaces/default/pods/web/portforward?ports=80")]
    [TestCase("/api/v1/namespaces/default/pods?watch=true")]
    public async Task No_path_of_the_API_answers_a_foreign_page(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_cluster.ApiServer, path)) { Headers = { { "Origin", "http://evil.example" } } };
        using var answer = await _client.SendAsync(request);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
        Assert.That(await answer.Content.ReadAsStringAsync(), Does.Contain(".AllowedOrigins"));
    }

    [Test]
    public async Task A_Services_port_checks_a_request_that_comes_in_pieces()
    {
        foreach (var (sent, answered) in new[] { ("GET / HTTP/1.1\r\nHost: x\r\nOrigin: http://evil.example\r\n\r\n", "HTTP/1.1 403"), ("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "HTTP/1.1 200") })
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, _urls["service"].Port);
            await using var stream = socket.GetStream();
            foreach (var piece in Encoding.ASCII.GetBytes(sent).Chunk(3))
                await stream.WriteAsync(piece);
            using var reader = new StreamReader(stream);

            Assert.That(await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)), Does.StartWith(answered), sent);
        }
    }

    [Test]
    public async Task A_Services_port_checks_every_request_of_a_browsers_connection()
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, _urls["service"].Port);
        await using var stream = socket.GetStream();
        var own = $"GET / HTTP/1.1\r\nHost: localhost:{_urls["service"].Port}\r\nConnection: keep-alive\r\nSec-Fetch-Site: none\r\n\r\n";

        await stream.WriteAsync(Encoding.ASCII.GetBytes(own));
        using var reader = new StreamReader(stream);
        var first = await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(20));

        Assert.That(first, Does.StartWith("HTTP/1.1 200").And.Contain("Connection: close"), "one request, then another connection");
    }

    private async Task<HttpResponseMessage> SendAsync(string listener, string description, string host = "localhost")
    {
        var url = _urls[listener];
        var parts = description.Replace("{PORT}", url.Port.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal).Replace("{HOST}", host, StringComparison.Ordinal).Split('|');
        using var request = new HttpRequestMessage(new HttpMethod(parts[0]), url) { Headers = { Host = $"{host}:{url.Port}" } };
        if (parts[0] == "POST")
            request.Content = new StringContent("{}", Encoding.UTF8, "text/plain");
        foreach (var header in parts[1..].Where(header => header.Length > 0))
            request.Headers.TryAddWithoutValidation(header.Split(": ")[0], header.Split(": ", 2)[1]);
        return await _client.SendAsync(request);
    }
}
