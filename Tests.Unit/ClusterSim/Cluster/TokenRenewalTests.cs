using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ClusterSim;
using ClusterSim.Access;
using ClusterSim.Access.Certificates;
using ClusterSim.Client;
using ClusterSim.Machinery;
using ClusterSim.Nodes;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;
using ClusterSim.Streaming;

namespace ClusterSim.Tests.Cluster;

/// <summary>Projected tokens, which a kubelet renews before they end: after 80 % of their life, at the latest after a day.</summary>
public sealed class TokenRenewalTests
{
    private ManualClock _clock = null!;
    private SimulatedCluster _cluster = null!;

    [SetUp]
    public async Task Start()
    {
        _clock = new ManualClock(new DateTimeOffset(2026, 1, 5, 12, 0, 0, TimeSpan.Zero));
        _cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Clock = _clock, Seed = 3, Nodes = [new NodeOptions { Name = "node-1" }], MetricsServer = false });
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(1));
    }

    [TearDown]
    public async Task Stop() => await _cluster.DisposeAsync();

    [TestCase(600, 480)]
    [TestCase(3600, 2880)]
    [TestCase(604_800, 86_400)]
    public async Task A_token_file_is_renewed_before_its_token_ends(int lives, int fresh)
    {
        await StartPodAsync(lives);
        var first = await ReadAsync();
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(fresh - 10));
        Assert.That(await ReadAsync(), Is.EqualTo(first), "not before its time");

        await _clock.AdvanceAsync(TimeSpan.FromSeconds(20));

        Assert.That(await ReadAsync(), Is.Not.EqualTo(first));
        Assert.That(await AskAsync(first), Is.EqualTo(HttpStatusCode.OK), "there is time to read the new one");
    }

    [Test]
    public async Task The_file_holds_a_good_token_when_the_first_has_ended()
    {
        await StartPodAsync(600);
        var first = await ReadAsync();

        // A minute more than its life: so much may clocks differ, says the API server.
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(665));

        Assert.That(await AskAsync(first), Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(await AskAsync(await ReadAsync()), Is.EqualTo(HttpStatusCode.OK));
    }

    private async Task StartPodAsync(int lives)
    {
        _cluster.ApplyYaml($$"""
            apiVersion: v1
            kind: Pod
            metadata: { name: caller }
            spec:
              containers:
                - name: main
                  image: busybox:1.36
                  command: [ sleep, "1000000" ]
                  volumeMounts: [ { name: token, mountPath: /var/run/secrets/api, readOnly: true } ]
              volumes:
                - name: token
                  projected: { sources: [ { serviceAccountToken: { path: token, expirationSeconds: {{lives}} } } ] }
            """);
        await _clock.AdvanceAsync(TimeSpan.FromSeconds(10));
    }

    private async Task<string> ReadAsync()
    {
        var pod = _cluster.Admin.Find(_cluster.Server.Catalog.Require("pods"), new("default", "caller"))!;
        using var output = new MemoryStream();
        var code = await _cluster.Nodes.Find(pod.NodeName!)!.ExecAsync(
            pod, "main", ["cat", "/var/run/secrets/api/token"], new ContainerStreams(Stream.Null, output, output, IsTerminal: false), CancellationToken.None);
        var text = Encoding.UTF8.GetString(output.ToArray());
        Assert.That(code, Is.Zero, text);
        return text;
    }

    private async Task<HttpStatusCode> AskAsync(string token)
    {
        using var authority = X509Certificate2.CreateFromPem(_cluster.Identity.Certificates.AuthorityPem);
        var trusted = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trusted.CustomTrustStore.Add(authority);
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, SslOptions = { CertificateChainPolicy = trusted } });
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_cluster.ApiServer, "/apis")) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }
}
