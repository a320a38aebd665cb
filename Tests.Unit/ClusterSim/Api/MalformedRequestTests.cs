using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Tests.Fidelity;

namespace ClusterSim.Tests.Api;

/// <summary>
/// Whatever a client sends is answered with a Status of 4xx, soon: thousands of requests made from a seed by damaging good ones
/// (<c>make fuzz</c> for a longer run).
/// </summary>
[NonParallelizable] // It measures the memory of the process.
public sealed class MalformedRequestTests
{
    private static readonly IReadOnlyList<string> Paths =
    [
        "/api/v1/namespaces/default/pods", "/api/v1/namespaces/default/configmaps/x", "/apis/apps/v1/namespaces/default/deployments/x",
        "/apis/apps/v1/namespaces/default/deployments/x/scale", "/api/v1/namespaces/default/pods/x/exec?command=a", "/api/v1/namespaces/default/services",
        "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "/api/v1/namespaces/default/pods/x/log",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles", "/api/v1/nodes", "/apis/events.k8s.io/v1/namespaces/default/events", "/openapi/v3", "/apis",
        "/api/v1/namespaces/default/pods/x/portforward?ports=80", "/api/v1/namespaces/default/serviceaccounts/default/token",
        "/apis/fuzz.example.com/v1/namespaces/default/crontabs", "/apis/fuzz.example.com/v1/namespaces/default/crontabs/x", "/apis/fuzz.example.com/v1/namespaces/default/crontabs/x/status",
        "/apis/fuzz.example.com/v1/namespaces/default/crontabs/x/scale", "/apis/fuzz.example.com/v1/crontabs", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        "/api/v1/namespaces/default/pods/x/status", "/api/v1/namespaces/default/pods/x/resize", "/api/v1/namespaces/default/pods/x/eviction", "/api/v1/namespaces/default/pods/x/ephemeralcontainers",
    ];

    private static readonly IReadOnlyList<string> Bodies =
    [
        """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x","labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i","ports":[{"containerPort":80}]}]}}""",
        """{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"x"},"spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}""",
        """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"k":"v"}}""",
        """[{"op":"add","path":"/metadata/labels/x","value":"y"},{"op":"test","path":"/a/0/b","value":null}]""",
        """{"spec":{"template":{"spec":{"containers":[{"name":"c","$patch":"delete"}],"$setElementOrder/containers":[{"name":"c"}]}}}}""",
        "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec:\n  ports: [{port: 80}]\n  selector: &a {a: b}\n",
        """{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background","preconditions":{"uid":"x"}}""",
        """{"apiVersion":"fuzz.example.com/v1","kind":"Crontab","metadata":{"name":"x"},"spec":{"replicas":1,"cron":"* *","steps":[{"name":"x","run":1.5}],"template":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"}}},"status":{"replicas":1}}""",
        """{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"x.fuzz.example.com"},"spec":{"group":"fuzz.example.com","scope":"Namespaced","names":{"plural":"x","kind":"X"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"a":{"type":"string","pattern":"^[a-z]+$","default":"x","enum":["x",null]}}}}}]}}""",
        "apiVersion: fuzz.example.com/v1\nkind: Crontab\nmetadata: {name: x}\nspec:\n  replicas: 2\n  steps: [{name: x}, {name: 'y'}]\n  cron: !!str '* *'\n",
        """[{"op":"replace","path":"/spec/replicas","value":2},{"op":"move","from":"/spec/steps/0","path":"/spec/steps/-"},{"op":"copy","from":"/spec","path":"/status"}]""",
        """{"spec":{"replicas":null,"steps":[{"name":"x"}],"template":{"metadata":{"labels":{"x":"x"}}}}}""",
    ];

    private const string Definition = """
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"crontabs.fuzz.example.com"},"spec":{"group":"fuzz.example.com","scope":"Namespaced",
         "names":{"plural":"crontabs","kind":"Crontab"},"versions":[{"name":"v1","served":true,"storage":true,"subresources":{"status":{},"scale":{"specReplicasPath":".spec.replicas","statusReplicasPath":".status.replicas"}},
          "additionalPrinterColumns":[{"name":"R","type":"integer","jsonPath":".spec.replicas"}],"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{
            "replicas":{"type":"integer","minimum":0,"multipleOf":1},"cron":{"type":"string","pattern":"^(\\S+\\s*)+$","maxLength":20},
            "steps":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"run":{"x-kubernetes-int-or-string":true}}}},
            "template":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true},"any":{"x-kubernetes-preserve-unknown-fields":true}},
            "oneOf":[{"required":["replicas"]},{"required":["any"]}]},"status":{"type":"object","properties":{"replicas":{"type":"integer"}}}}}}}]}}
        """;

    private static readonly IReadOnlyList<string> Queries =
    [
        "", "watch=true&timeoutSeconds=1", "limit=abc", "limit=-1&continue=%00", "continue=eyJ2IjoibWV0YS5rOHMuaW8vdjEifQ", "labelSelector=a%20in%20(", "labelSelector=%21%21",
        "fieldSelector=spec.x%3D", "resourceVersion=-1", "resourceVersion=99999999999999999999", "resourceVersionMatch=Exact", "dryRun=All", "dryRun=x", "fieldValidation=Strict",
        "fieldValidation=Bad", "fieldManager=m&force=maybe", "pretty=true", "gracePeriodSeconds=x", "propagationPolicy=Bad", "timeoutSeconds=x&watch=1", "sendInitialEvents=x&watch=1&timeoutSeconds=1",
        "%ff=%fe", "a&b&c===", "limit=9223372036854775807",
    ];

    private static readonly IReadOnlyList<string> Types =
    [
        "application/json", "application/yaml", "application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json",
        "application/apply-patch+yaml", "application/vnd.kubernetes.protobuf", "text/plain", "x",
    ];

    private static readonly IReadOnlyList<string> Methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "FOO"];

    // Objects that were made, and logs of changes: a leak of a request's body each would be many times this.
    private const long MemoryGrowthMax = 48 * 1024 * 1024;

    private SimulatedCluster _cluster = null!;
    private HttpClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Nodes = [] });
        _client = ApiHttp.ClientOf(_cluster);
        using var definition = new StringContent(Definition, Encoding.UTF8, MediaTypeHeaderValue.Parse("application/json"));
        using var made = await _client.PostAsync(new Uri("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", UriKind.Relative), definition);
        Assert.That(made.StatusCode, Is.EqualTo(HttpStatusCode.Created), await made.Content.ReadAsStringAsync());
        await Eventually.ThatAsync(async () => (await _client.GetAsync(new Uri("/apis/fuzz.example.com/v1/crontabs", UriKind.Relative))).IsSuccessStatusCode, "the custom resource is served");
        foreach (var (path, body) in ((string, string)[])[("/apis/fuzz.example.com/v1/namespaces/default/crontabs", Bodies[7]), ("/api/v1/namespaces/default/configmaps", Bodies[2])])
        {
            using var content = new StringContent(body.Replace(",\"run\":1.5", "", StringComparison.Ordinal), Encoding.UTF8, MediaTypeHeaderValue.Parse("application/json"));
            using var answer = await _client.PostAsync(new Uri(path, UriKind.Relative), content);
            Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.Created), await answer.Content.ReadAsStringAsync());
        }
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _cluster.DisposeAsync();
    }

    [Test, Category(Samples.Category)]
    public async Task No_request_makes_the_server_fail_or_hang()
    {
        var seed = Samples.Seed;
        var count = Samples.Count(3000);
        var failures = new System.Collections.Concurrent.ConcurrentQueue<string>();
        // Once to warm up: what comes after must not grow with the number of requests.
        await Parallel.ForEachAsync(Enumerable.Range(0, 300), (number, cancellation) => new ValueTask(SendAsync(seed, -1 - number, failures, cancellation)));
        var before = Retained();

        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 8 }, (number, cancellation) => new ValueTask(SendAsync(seed, number, failures, cancellation)));

        Assert.That(failures, Is.Empty, $"seed {seed}: {string.Join('\n', failures.Take(10))}");
        Assert.That(Retained() - before, Is.LessThan(MemoryGrowthMax), "bytes retained");
    }

    private static long Retained()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private async Task SendAsync(int seed, int number, System.Collections.Concurrent.ConcurrentQueue<string> failures, CancellationToken cancellation)
    {
        var random = new Random(unchecked((seed * 486187739) ^ (number * 16777619)));
        var path = Pick(random, Paths);
        var query = Pick(random, Queries);
        path += (path.Contains('?', StringComparison.Ordinal) ? "&" : "?") + query;
        using var request = new HttpRequestMessage(new HttpMethod(Pick(random, Methods)), new Uri(path, UriKind.Relative));
        var body = Damaged(random, Encoding.UTF8.GetBytes(Pick(random, Bodies)));
        if (request.Method != HttpMethod.Get && request.Method != HttpMethod.Head && request.Method != HttpMethod.Trace)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", Pick(random, Types));
        }
        try
        {
            using var response = await _client.SendAsync(request, cancellation);
            var told = await response.Content.ReadAsStringAsync(cancellation);
            // An apply of a field that no schema has is 500 on a real server too: it says so itself.
            var typed = response.StatusCode == HttpStatusCode.InternalServerError && told.Contains("failed to create typed patch object", StringComparison.Ordinal);
            var isStatus = told.Length == 0 || response.Content.Headers.ContentType?.MediaType != "application/json" || told.Replace(" ", "", StringComparison.Ordinal).Contains("\"kind\":\"Status\"", StringComparison.Ordinal);
            if ((int)response.StatusCode >= 400 && !isStatus)
                failures.Enqueue($"#{number} {request.Method} {path} -> {(int)response.StatusCode} without a Status: {told}");
            if ((int)response.StatusCode >= 500 && response.StatusCode != HttpStatusCode.GatewayTimeout && !typed)
                failures.Enqueue($"#{number} {request.Method} {path} {request.Content?.Headers.ContentType} {Encoding.UTF8.GetString(body)} -> {(int)response.StatusCode} {told}");
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            failures.Enqueue($"#{number} {request.Method} {path} {Encoding.UTF8.GetString(body)} -> {failure.Message}");
        }
    }

    [Test]
    public async Task Broken_HTTP_is_refused_or_cut_and_others_are_served()
    {
        string[] broken =
        [
            "GARBAGE\r\n\r\n", "GET /api HTTP/9.9\r\nHost: x\r\n\r\n", "GET /api HTTP/1.1\r\n\r\n", "POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
            "POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}", "POST /api/v1/namespaces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
            "GET /" + new string('a', 20_000) + " HTTP/1.1\r\nHost: x\r\n\r\n", "GET /api HTTP/1.1\r\nHost: x\r\n" + string.Concat(Enumerable.Range(0, 500).Select(i => $"X-{i}: y\r\n")) + "\r\n",
            "GET /api HTTP/1.1\r\nHost: x\r\nX: " + new string('b', 70_000) + "\r\n\r\n", "GET /%zz%00 HTTP/1.1\r\nHost: x\r\n\r\n", "\0\0\0\0\0\0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense-behind-the-preface",
        ];
        foreach (var request in broken)
        {
            await using var stream = await ConnectAsync();
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request));
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            var answer = new byte[4096];
            var read = 0;
            try
            {
                if (request[0] == '\0')
                    await stream.ShutdownAsync();
                read = await stream.ReadAsync(answer, patience.Token);
            }
            catch (IOException)
            {
                // Cut off: as good as a refusal.
            }
            var told = Encoding.Latin1.GetString(answer, 0, read);
            Assert.That(told, read == 0 || told[0] != 'H' ? Is.Not.Null : Does.Match("^HTTP/1.1 (4|505)"), request[..Math.Min(40, request.Length)]);
        }
        Assert.That((await _client.GetAsync(new Uri("/api", UriKind.Relative))).StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    [Test]
    public async Task Streams_that_are_left_half_open_hold_nobody_up()
    {
        var open = new List<IAsyncDisposable>();
        try
        {
            var token = _client.DefaultRequestHeaders.Authorization!.Parameter;
            for (var i = 0; i < 60; i++)
            {
                // Some stop within TLS, some within the head, some within the body.
                if (i % 3 == 0)
                {
                    var raw = new System.Net.Sockets.TcpClient();
                    await raw.ConnectAsync(IPAddress.Loopback, _cluster.ApiServer.Port);
                    await raw.GetStream().WriteAsync(new byte[] { 0x16, 0x03, 0x01 });
                    open.Add(raw.GetStream());
                    continue;
                }
                var stream = await ConnectAsync();
                open.Add(stream);
                await stream.WriteAsync(Encoding.ASCII.GetBytes(i % 3 == 1
                    ? "GET /api/v1/pods HTTP/1.1\r\nHost: x\r\nAuthor"
                    : $"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{{\"metadata\":"));
            }
            for (var i = 0; i < 50; i++)
                Assert.That((await _client.GetAsync(new Uri("/api/v1/namespaces/default/configmaps", UriKind.Relative))).StatusCode, Is.EqualTo(HttpStatusCode.OK));
        }
        finally
        {
            foreach (var stream in open)
                await stream.DisposeAsync();
        }
        Assert.That((await _client.GetAsync(new Uri("/api", UriKind.Relative))).StatusCode, Is.EqualTo(HttpStatusCode.OK));
    }

    private async Task<System.Net.Security.SslStream> ConnectAsync()
    {
        var socket = new System.Net.Sockets.Socket(System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, _cluster.ApiServer.Port);
        var stream = new System.Net.Security.SslStream(new System.Net.Sockets.NetworkStream(socket, ownsSocket: true), leaveInnerStreamOpen: false);
        await stream.AuthenticateAsClientAsync(new System.Net.Security.SslClientAuthenticationOptions
        {
            TargetHost = _cluster.ApiServer.Host,
            CertificateChainPolicy = ApiHttp.TrustOf(_cluster),
        });
        return stream;
    }

    [TestCase(200_000, TestName = "Deep_nesting_is_refused")]
    public async Task Deep_nesting_is_refused(int depth)
    {
        var body = "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"deep\",\"annotations\":" + new string('[', depth) + new string(']', depth) + "}}";
        using var content = new StringContent(body, Encoding.UTF8, MediaTypeHeaderValue.Parse("application/json"));

        using var response = await _client.PostAsync(new Uri("/api/v1/namespaces/default/configmaps", UriKind.Relative), content);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.BadRequest));
    }

    [Test]
    public async Task A_body_that_is_too_large_is_413()
    {
        using var content = new StringContent(new string(' ', 4 * 1024 * 1024), Encoding.UTF8, MediaTypeHeaderValue.Parse("application/json"));

        using var response = await _client.PostAsync(new Uri("/api/v1/namespaces/default/configmaps", UriKind.Relative), content);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.RequestEntityTooLarge));
        Assert.That((string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["reason"], Is.EqualTo("RequestEntityTooLarge"));
    }

    private static T Pick<T>(Random random, IReadOnlyList<T> from) => from[random.Next(from.Count)];

    private static byte[] Damaged(Random random, byte[] body)
    {
        for (var damages = random.Next(4); damages > 0 && body.Length > 0; damages--)
        {
            var at = random.Next(body.Length);
            body = random.Next(7) switch
            {
                0 => body[..at],
                1 => [.. body[..at], (byte)random.Next(256), .. body[at..]],
                2 => [.. body[..at], .. body[Math.Min(body.Length, at + random.Next(8))..]],
                3 => [.. body[..at], .. Encoding.UTF8.GetBytes(Pick(random, ["null", "{}", "[]", "1e999", "-0", "\"\\ud800\"", "true", "18446744073709551616", "\"\""])), .. body[at..]],
                4 => [.. body, .. body],
                5 => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body).Replace("\"x\"", Pick(random, ["5", "null", "[]", "{}", "\"\\u0000\"", "\"../x\""]), StringComparison.Ordinal)),
                _ => [.. body[..at], 0xFF, 0xFE, .. body[at..]],
            };
        }
        return body;
    }
}
