using System.Net;
using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ClusterSim;
using ClusterSim.Client;
using ClusterSim.Controllers.Ingresses;
using ClusterSim.Controllers.Services;
using ClusterSim.Machinery;
using ClusterSim.Network;
using ClusterSim.Network.Ingresses;
using ClusterSim.Network.Services;
using ClusterSim.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Tests.Network;

[Parallelizable(ParallelScope.All)]
[CancelAfter(30_000)]
internal sealed class IngressTests
{
    private const string Shop = """
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: { name: shop, namespace: a, uid: shop }
        spec:
          rules:
            - host: shop.example
              http:
                paths:
                  - { path: /, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } }
                  - { path: /api, pathType: Prefix, backend: { service: { name: api, port: { name: http } } } }
                  - { path: /api, pathType: Exact, backend: { service: { name: exact, port: { number: 80 } } } }
            - host: "*.shop.example"
              http: { paths: [ { path: /only, pathType: Prefix, backend: { service: { name: web, port: { number: 80 } } } } ] }
        """;

    [Test]
    public async Task Hosts_and_paths_are_matched_with_Kubernetes_precedence()
    {
        await using var site = await Site.StartAsync(new IngressOptions { OnlyIngressAnswersAnyHost = false });
        site.Net.Apply(Shop);

        foreach (var (host, path, answer) in new[]
        {
            ("shop.example", "/", "web"), ("shop.example", "/x", "web"), ("shop.example", "/api", "exact"), ("shop.example", "/api/", "api"),
            ("shop.example", "/api/v1?x=y", "api"), ("shop.example", "/apix", "web"), ("SHOP.example", "/", "web"), ("eu.shop.example", "/only/this", "web"),
            ("eu.shop.example", "/", "default backend - 404"), ("a.b.shop.example", "/only", "default backend - 404"), ("other.example", "/", "default backend - 404"),
        })
            Assert.That(await site.AskAsync(host, path), Is.EqualTo(answer), host + path);
    }

    [Test]
    public async Task Where_two_Ingresses_claim_a_path_the_older_has_it_and_the_longer_path_goes_first_whosever_it_is()
    {
        await using var site = await Site.StartAsync();
        foreach (var (name, created, service, path) in new[] { ("young", "2026-01-02", "api", "/"), ("old", "2026-01-01", "web", "/"), ("deep", "2026-01-03", "exact", "/a/b/") })
            site.Net.Apply($$$"""
                apiVersion: networking.k8s.io/v1
                kind: Ingress
                metadata: { name: {{{name}}}, namespace: a, uid: {{{name}}}, creationTimestamp: "{{{created}}}T00:00:00Z" }
                spec: { rules: [ { host: shop.example, http: { paths: [ { path: {{{path}}}, pathType: Prefix, backend: { service: { name: {{{service}}}, port: { number: {{{(service == "api" ? 8080 : 80)}}} } } } } ] } } ] }
                """);

        foreach (var (path, answer) in new[] { ("/", "web"), ("/a/bc", "web"), ("/a/b", "exact"), ("/a/b/", "exact"), ("/a/b/c", "exact") })
            Assert.That(await site.AskAsync("shop.example", path), Is.EqualTo(answer), path);
        site.Net.Delete("ingresses", "networking.k8s.io", "a", "old");
        Assert.That(await site.AskAsync("shop.example", "/"), Is.EqualTo("api"));
    }

    [Test]
    public async Task The_only_Ingress_answers_any_host_and_a_second_one_ends_that()
    {
        await using var site = await Site.StartAsync();
        site.Net.Apply(Shop);
        Assert.That(await site.AskAsync("localhost", "/"), Is.EqualTo("web"));

        site.Net.Apply(Shop.Replace("name: shop,", "name: second,", StringComparison.Ordinal).Replace("uid: shop", "uid: second", StringComparison.Ordinal));

        Assert.That(await site.AskAsync("localhost", "/"), Is.EqualTo("default backend - 404"));
    }

    [Test]
    public async Task An_Ingress_default_backend_gets_what_no_rule_of_it_means()
    {
        await using var site = await Site.StartAsync();
        site.Net.Apply(Shop.Replace("spec:", "spec:\n  defaultBackend: { service: { name: exact, port: { number: 80 } } }", StringComparison.Ordinal));

        Assert.That(await site.AskAsync("shop.example", "/x"), Is.EqualTo("web"));
        Assert.That(await site.AskAsync("nobody.example", "/"), Is.EqualTo("exact"));
    }

    [Test]
    public async Task Another_controllers_Ingress_is_left_alone()
    {
        await using var site = await Site.StartAsync();
        site.Net.Apply("""
            apiVersion: networking.k8s.io/v1
            kind: IngressClass
            metadata: { name: traefik }
            spec: { controller: traefik.io/ingress-controller }
            ---
            apiVersion: networking.k8s.io/v1
            kind: IngressClass
            metadata: { name: nginx, annotations: { ingressclass.kubernetes.io/is-default-class: "true" } }
            spec: { controller: k8s.io/ingress-nginx }
            """);
        site.Net.Apply(Shop.Replace("spec:\n", "spec:\n  ingressClassName: traefik\n", StringComparison.Ordinal));
        Assert.That(await site.AskAsync("shop.example", "/"), Is.EqualTo("default backend - 404"));

        site.Net.Apply(Shop);
        Assert.That(await site.AskAsync("shop.example", "/"), Is.EqualTo("web"), "the default class's");
    }

    [Test]
    public async Task Without_endpoints_the_answer_is_503_and_with_dead_ones_502()
    {
        await using var site = await Site.StartAsync();
        site.Net.Apply(Shop);
        site.Net.Slice("a", "web", 80);
        using var unavailable = await site.SendAsync(HttpMethod.Get, "shop.example", "/");
        Assert.That(unavailable.StatusCode, Is.EqualTo(HttpStatusCode.ServiceUnavailable));
        Assert.That(await unavailable.Content.ReadAsStringAsync(), Does.Contain("<title>503 Service Temporarily Unavailable</title>"));

        site.Net.Slice("a", "web", 80, site.Net.Pod("a", "deaf"));
        using var bad = await site.SendAsync(HttpMethod.Get, "shop.example", "/");
        Assert.That(bad.StatusCode, Is.EqualTo(HttpStatusCode.BadGateway));
    }

    [Test]
    public async Task A_silent_pod_is_504_after_the_read_timeout()
    {
        await using var site = await Site.StartAsync(new IngressOptions { ReadTimeout = TimeSpan.FromMilliseconds(200) });
        site.Net.Apply(Shop);
        var silent = site.Net.Pod("a", "silent");
        await site.Net.ServeAsync(silent, 80, app => app.Run(context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted)));
        site.Net.Slice("a", "web", 80, silent);

        using var late = await site.SendAsync(HttpMethod.Get, "shop.example", "/");

        Assert.That(late.StatusCode, Is.EqualTo(HttpStatusCode.GatewayTimeout));
    }

    [Test]
    public async Task Headers_and_bodies_pass_both_ways()
    {
        await using var site = await Site.StartAsync();
        site.Net.Apply(Shop);
        var echo = site.Net.Pod("a", "echo");
        await site.Net.ServeAsync(echo, 80, app => app.Run(async context =>
        {
            context.Response.StatusCode = 201;
            context.Response.Headers["X-Seen"] = $"{context.Request.Host} {context.Request.Headers["X-Forwarded-Proto"]} {context.Request.Headers["X-Forwarded-For"]} {context.Request.Headers["X-Forwarded-Host"]} {context.Request.Headers["X-Custom"]}";
            context.Response.ContentType = context.Request.ContentType;
            await context.Request.Body.CopyToAsync(context.Response.Body);
        }));
        site.Net.Slice("a", "web", 80, echo);
        using var content = new StringContent(new string('x', 300_000), Encoding.UTF8, "text/special");

        using var answer = await site.SendAsync(HttpMethod.Post, "shop.example", "/echo", content, ("X-Custom", "mine"), ("X-Forwarded-For", "6.6.6.6"));

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Created));
        Assert.That(answer.Headers.GetValues("X-Seen"), Is.EqualTo(new[] { "shop.example http 127.0.0.1 shop.example mine" }));
        Assert.That(answer.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/special"));
        Assert.That((await answer.Content.ReadAsStringAsync()).Length, Is.EqualTo(300_000));
    }

    [Test]
    public async Task A_WebSocket_goes_through()
    {
        await using var site = await Site.StartAsync();
        site.Net.Apply(Shop);
        var echo = site.Net.Pod("a", "echo");
        await site.Net.ServeAsync(echo, 80, app =>
        {
            app.UseWebSockets();
            app.Run(async context =>
            {
                using var socket = await context.WebSockets.AcceptWebSocketAsync();
                var buffer = new byte[100];
                var said = await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted);
                await socket.SendAsync(buffer.AsMemory(0, said.Count), said.MessageType, true, context.RequestAborted);
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
            });
        });
        site.Net.Slice("a", "web", 80, echo);
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{site.Server.HttpPort}/"), default);

        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, default);
        var buffer = new byte[100];
        var echoed = await socket.ReceiveAsync(buffer, default);

        Assert.That(Encoding.UTF8.GetString(buffer, 0, echoed.Count), Is.EqualTo("hello"));
    }

    [Test]
    public async Task Policies_select_the_controller_by_its_pods_labels()
    {
        await using var site = await Site.StartAsync();
        site.Net.Apply(Shop);
        site.Net.Apply("""
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: { name: default-deny, namespace: a }
            spec: { podSelector: {}, policyTypes: [ Ingress ] }
            """);
        Assert.That(await site.AskAsync("shop.example", "/"), Does.Contain("502 Bad Gateway"));

        site.Net.Apply("""
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: { name: from-ingress, namespace: a }
            spec:
              podSelector: {}
              ingress: [ { from: [ { namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: ingress-nginx } }, podSelector: { matchLabels: { app.kubernetes.io/name: ingress-nginx } } } ] } ]
            """);
        Assert.That(await site.AskAsync("shop.example", "/"), Is.EqualTo("web"));
    }

    [Test]
    public async Task TLS_shows_the_Secrets_certificate_and_HTTP_is_redirected()
    {
        await using var site = await Site.StartAsync();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=shop.example", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        site.Net.Apply(Shop + "\n  tls: [ { hosts: [ shop.example ], secretName: shop-tls } ]");
        site.Net.Apply($$"""
            apiVersion: v1
            kind: Secret
            metadata: { name: shop-tls, namespace: a }
            data:
              tls.crt: {{Convert.ToBase64String(Encoding.ASCII.GetBytes(certificate.ExportCertificatePem()))}}
              tls.key: {{Convert.ToBase64String(Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem()))}}
            """);
        using var client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            SslOptions = new SslClientAuthenticationOptions
            {
                TargetHost = "shop.example",
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown!.GetCertHashString() == certificate.Thumbprint,
            },
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, $"https://127.0.0.1:{site.Server.HttpsPort}/") { Headers = { Host = "shop.example" } };

        using var answer = await client.SendAsync(request);
        using var redirect = await site.SendAsync(HttpMethod.Get, "shop.example", "/x?y=z");

        Assert.That(await answer.Content.ReadAsStringAsync(), Is.EqualTo("web"));
        Assert.That((int)redirect.StatusCode, Is.EqualTo(308));
        Assert.That(redirect.Headers.Location!.ToString(), Is.EqualTo($"https://shop.example:{site.Server.HttpsPort}/x?y=z"));
    }

    [Test]
    public async Task Its_address_and_ports_are_told_in_the_Ingresss_status()
    {
        await using var site = await Site.StartAsync();
        site.Net.Apply(Shop);
        var resource = new GroupResource("networking.k8s.io", "ingresses");

        Assert.That(() => site.Net.Store.Find(resource, new ObjectKey("a", "shop"))!.Status.At("loadBalancer", "ingress").Items()
            .Select(told => $"{told.At("ip").Text()}:{told.At("ports")[0].At("port").Integer()}").FirstOrDefault(),
            Is.EqualTo($"127.0.0.1:{site.Server.HttpPort}").After(10_000, 20));
    }

    [Test]
    public async Task A_load_balancer_gets_a_local_port_that_leads_to_its_pods_and_goes_with_it()
    {
        await using var net = new TestNetwork();
        await using var api = new TestApi(net);
        await using var local = new LocalPorts(net.Wire);
        await using var controller = new ServiceController(api.Context, new LocalLoadBalancer(local));
        api.Start();
        controller.Start();
        var pod = net.Pod("a", "web");
        await net.ServeAsync(pod, 8080);
        net.Service("a", "web", "10.96.0.7", 80, 8080, pod);
        net.Apply("""
            apiVersion: v1
            kind: Service
            metadata: { name: web, namespace: a }
            spec: { type: LoadBalancer, clusterIP: 10.96.0.7, clusterIPs: [ 10.96.0.7 ], ports: [ { port: 80, protocol: TCP, nodePort: 30080 } ] }
            """);

        Assert.That(() => local.Opened.Count, Is.EqualTo(1).After(10_000, 20));
        using var client = new HttpClient();
        Assert.That(await client.GetStringAsync($"http://127.0.0.1:{local.Opened[0].Port}/"), Is.EqualTo(pod.Address.ToString()));
        Assert.That(() => net.Store.Find(new GroupResource("", "services"), new ObjectKey("a", "web"))!.Status.At("loadBalancer", "ingress")[0].At("ports")[0].At("port").Integer(0),
            Is.EqualTo(local.Opened[0].Port).After(10_000, 20));
        net.Delete("services", "", "a", "web");
        Assert.That(() => local.Opened.Count, Is.EqualTo(0).After(10_000, 20));
    }

    [Test]
    public async Task A_node_port_service_gets_a_local_port_and_no_address_in_its_status()
    {
        await using var net = new TestNetwork();
        await using var api = new TestApi(net);
        await using var local = new LocalPorts(net.Wire);
        await using var controller = new ServiceController(api.Context, new LocalLoadBalancer(local));
        api.Start();
        controller.Start();
        const string service = """
            apiVersion: v1
            kind: Service
            metadata: { name: web, namespace: a }
            spec: { type: TYPE, clusterIP: 10.96.0.7, clusterIPs: [ 10.96.0.7 ], ports: [ { port: 80, protocol: TCP, nodePort: 30080 } ] }
            """;

        net.Apply(service.Replace("TYPE", "NodePort", StringComparison.Ordinal));

        Assert.That(() => local.Opened.Select(port => port.NodePort), Is.EqualTo(new[] { 30080 }).After(10_000, 20));
        Assert.That(net.Store.Find(new GroupResource("", "services"), new ObjectKey("a", "web"))!.Status.At("loadBalancer").Exists(), Is.False);

        net.Apply(service.Replace("TYPE", "ClusterIP", StringComparison.Ordinal));

        Assert.That(() => local.Opened, Is.Empty.After(10_000, 20));
    }

    private sealed class Site : IAsyncDisposable
    {
        private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false });
        private TestApi _api = null!;
        private IngressStatusController _status = null!;

        public TestNetwork Net { get; } = new();

        public IngressServer Server { get; private set; } = null!;

        public static async Task<Site> StartAsync(IngressOptions? options = null)
        {
            var site = new Site();
            foreach (var (name, port) in new[] { ("web", ""), ("api", "http"), ("exact", "") })
            {
                var pod = site.Net.Pod("a", $"{name}-0");
                await site.Net.ServeAsync(pod, 80, app => app.Run(context => context.Response.WriteAsync(name)));
                site.Net.Service("a", name, $"10.96.0.{name.Length + 10}", 80, 80, pod);
                if (port.Length > 0)
                    site.Net.Apply($$"""
                        apiVersion: v1
                        kind: Service
                        metadata: { name: {{name}}, namespace: a }
                        spec: { type: ClusterIP, clusterIP: 10.96.0.13, ports: [ { name: {{port}}, port: 8080, protocol: TCP } ] }
                        ---
                        apiVersion: discovery.k8s.io/v1
                        kind: EndpointSlice
                        metadata: { name: {{name}}-slice, namespace: a, labels: { kubernetes.io/service-name: {{name}} } }
                        endpoints: [ { addresses: [ {{pod.Address}} ], conditions: { ready: true } } ]
                        ports: [ { name: {{port}}, protocol: TCP, port: 80 } ]
                        """);
            }
            site._api = new TestApi(site.Net);
            site.Server = new IngressServer(site.Net.Wire, "node-1", options ?? new IngressOptions(), site._api.Context.Log);
            site._status = new IngressStatusController(site._api.Context, new LocalIngressServer(site.Server));
            await site.Server.ListenAsync();
            site._api.Start();
            site._status.Start();
            return site;
        }

        public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string host, string path, HttpContent? content = null, params (string Name, string Value)[] headers)
        {
            using var request = new HttpRequestMessage(method, $"http://127.0.0.1:{Server.HttpPort}{path}") { Content = content, Headers = { Host = host } };
            foreach (var (name, value) in headers)
                request.Headers.TryAddWithoutValidation(name, value);
            return await _client.SendAsync(request);
        }

        public async Task<string> AskAsync(string host, string path)
        {
            using var answer = await SendAsync(HttpMethod.Get, host, path);
            return await answer.Content.ReadAsStringAsync();
        }

        public async ValueTask DisposeAsync()
        {
            _client.Dispose();
            await _status.DisposeAsync();
            await Server.DisposeAsync();
            await _api.DisposeAsync();
            await Net.DisposeAsync();
        }
    }
}
