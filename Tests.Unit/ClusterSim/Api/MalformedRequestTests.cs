using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim;
using Tests.Unit.ClusterSim.Fidelity;

namespace Tests.Unit.ClusterSim.Api;

/// <summary>
/// Whatever a client sends is answered with a Status of 4xx, soon: thousands of requests made from a seed by damaging good ones. Set
/// FUZZ_REQUESTS for a longer run and FUZZ_SEED for another one.
/// </summary>
public sealed class MalformedRequestTests
{
    private static readonly IReadOnlyList<string> Paths =
    [
        "/api/v1/namespaces/default/pods", "/api/v1/namespaces/default/configmaps/x", "/apis/apps/v1/namespaces/default/deployments/x",
        "/apis/apps/v1/namespaces/default/deployments/x/scale", "/api/v1/namespaces/default/pods/x/exec?command=a", "/api/v1/namespaces/default/services",
        "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", "/api/v1/namespaces/default/pods/x/log",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles", "/api/v1/nodes", "/apis/events.k8s.io/v1/namespaces/default/events", "/openapi/v3", "/apis",
        "/api/v1/namespaces/default/pods/x/portforward?ports=80", "/api/v1/namespaces/default/serviceaccounts/default/token",
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
    ];

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

    private SimulatedCluster _cluster = null!;
    private HttpClient _client = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Nodes = [] });
        _client = ApiHttp.ClientOf(_cluster);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        await _cluster.DisposeAsync();
    }

    [Test]
    public async Task No_request_makes_the_server_fail_or_hang()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("FUZZ_SEED"), out var chosen) ? chosen : 20261122;
        var count = int.TryParse(Environment.GetEnvironmentVariable("FUZZ_REQUESTS"), out var wanted) ? wanted : 3000;
        var failures = new System.Collections.Concurrent.ConcurrentQueue<string>();

        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (number, cancellation) =>
        {
            var random = new Random(HashCode.Combine(seed, number));
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
                if ((int)response.StatusCode >= 500 && response.StatusCode != HttpStatusCode.GatewayTimeout && !typed)
                    failures.Enqueue($"#{number} {request.Method} {path} {request.Content?.Headers.ContentType} {Encoding.UTF8.GetString(body)} -> {(int)response.StatusCode} {told}");
            }
            catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
            {
                failures.Enqueue($"#{number} {request.Method} {path} {Encoding.UTF8.GetString(body)} -> {failure.Message}");
            }
        });

        Assert.That(failures, Is.Empty, $"seed {seed}: {string.Join('\n', failures.Take(10))}");
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
