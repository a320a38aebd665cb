using System.Net;
using System.Net.Http.Headers;
using System.Net.NetworkInformation;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using ClusterSim;
using ClusterSim.Access;
using ClusterSim.Access.Certificates;
using ClusterSim.Machinery;
using ClusterSim.Registry;
using ClusterSim.Schema;

namespace ClusterSim.Tests.Cluster;

/// <summary>The sandbox itself lets nobody in: it listens on loopback, and what opens one cluster opens no other.</summary>
public sealed class SandboxSafetyTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Test]
    public async Task Every_port_of_a_cluster_is_a_port_of_loopback()
    {
        await using var cluster = await SimulatedCluster.StartAsync();
        cluster.ApplyYaml(Workloads.Web(1) + """

            ---
            apiVersion: v1
            kind: Service
            metadata: { name: balanced }
            spec: { type: LoadBalancer, selector: { app: web }, ports: [ { port: 80 } ] }
            ---
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: { name: web }
            spec: { defaultBackend: { service: { name: web, port: { number: 80 } } } }
            """);
        await cluster.UntilAsync(() => Ports("services", "balanced").Count == 1 && Ports("ingresses", "web").Count == 2, Limit);

        int[] ports = [cluster.ApiServer.Port, .. Ports("services", "balanced"), .. Ports("ingresses", "web")];

        var listening = IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().ToLookup(end => end.Port, end => end.Address);
        Assert.Multiple(() =>
        {
            foreach (var port in ports)
                Assert.That(listening[port], Is.Not.Empty.And.All.Matches<IPAddress>(IPAddress.IsLoopback), $"port {port}");
        });

        List<int> Ports(string resource, string name) =>
            [.. cluster.Find(resource, "default", name)!.Value.At("status", "loadBalancer", "ingress").Items().SelectMany(told => told.At("ports").Items()).Select(told => told.At("port").Integer(0))];
    }

    [Test]
    public async Task What_opens_one_cluster_opens_no_other()
    {
        await using var one = await SimulatedCluster.StartAsync();
        await using var other = await SimulatedCluster.StartAsync();
        await one.UntilAsync(() => one.Find("serviceaccounts", "default", "default") is not null, Limit);
        var issued = one.Identity.Certificates.Issue(new UserInfo("ann", [UserInfo.Masters]));
        using var certificate = X509Certificate2.CreateFromPem(issued.CertificatePem, issued.KeyPem);
        var token = await TokenAsync(one, certificate);

        Assert.That(await AskAsync(one, certificate, null), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await AskAsync(other, certificate, null), Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(await AskAsync(one, null, token), Is.EqualTo(HttpStatusCode.OK));
        Assert.That(await AskAsync(other, null, token), Is.EqualTo(HttpStatusCode.Unauthorized));
        Assert.That(one.Identity.Certificates.AuthorityPem, Is.Not.EqualTo(other.Identity.Certificates.AuthorityPem));
        Assert.That(one.TokenKeys.Intersect(other.TokenKeys), Is.Empty);
    }

    [Test]
    public async Task Two_clusters_of_one_seed_share_no_key()
    {
        await using var one = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Seed = 7, Nodes = [] });
        await using var other = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Seed = 7, Nodes = [] });

        Assert.That(one.Seed, Is.EqualTo(other.Seed));
        Assert.That(one.Identity.Certificates.AuthorityPem, Is.Not.EqualTo(other.Identity.Certificates.AuthorityPem));
        Assert.That(one.TokenKeys.Intersect(other.TokenKeys), Is.Empty);
    }

    [Test]
    public async Task Nothing_is_anonymous_beyond_health_and_version()
    {
        await using var cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Nodes = [] });
        using var nobody = Client(cluster, null);
        nobody.BaseAddress = cluster.ApiServer;
        var everything = cluster.Server.Catalog.All.SelectMany(type => (string[])[Path(type), Path(type) + "/any", Path(type) + "/any/nothing"])
            .Concat(["/", "/api", "/apis", "/openapi/v2", "/openapi/v3", "/openid/v1/jwks", "/.well-known/openid-configuration", "/metrics", "/logs", "/debug/pprof", "/harness", "/api/v1/namespaces/default/no-such-kind", "/api/v1/nodes/n/proxy/pods"])
            .ToList();

        foreach (var open in (string[])["/healthz", "/livez", "/readyz", "/version"])
            Assert.That((await nobody.GetAsync(open)).StatusCode, Is.EqualTo(HttpStatusCode.OK), open);
        var answered = new List<string>();
        foreach (var path in everything)
            foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Post, HttpMethod.Delete])
            {
                using var request = new HttpRequestMessage(method, path) { Content = method == HttpMethod.Post ? new StringContent("{}", Encoding.UTF8, "application/json") : null };
                using var answer = await nobody.SendAsync(request);
                if (answer.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden))
                    answered.Add($"{method} {path}: {(int)answer.StatusCode}");
            }

        Assert.That(everything, Has.Count.GreaterThan(100));
        Assert.That(answered, Is.Empty);

        static string Path(ResourceType type) =>
            $"/{(type.Group.Length == 0 ? "api" : "apis/" + type.Group)}/{type.Version}{(type.Namespaced ? "/namespaces/default" : "")}/{type.Name}";
    }

    private static async Task<HttpStatusCode> AskAsync(SimulatedCluster cluster, X509Certificate2? certificate, string? token)
    {
        using var http = Client(cluster, certificate);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(cluster.ApiServer, "/apis"));
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await http.SendAsync(request);
        return answer.StatusCode;
    }

    private static async Task<string> TokenAsync(SimulatedCluster cluster, X509Certificate2 certificate)
    {
        using var http = Client(cluster, certificate);
        using var body = new StringContent("""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":600}}""", Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync(new Uri(cluster.ApiServer, "/api/v1/namespaces/default/serviceaccounts/default/token"), body);
        using var made = JsonDocument.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync());
        return made.RootElement.At("status", "token").Text()!;
    }

    private static HttpClient Client(SimulatedCluster cluster, X509Certificate2? certificate)
    {
        var trusted = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trusted.CustomTrustStore.Add(X509Certificate2.CreateFromPem(cluster.Identity.Certificates.AuthorityPem));
        return new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = { ClientCertificates = certificate is null ? null : [certificate], CertificateChainPolicy = trusted },
        });
    }
}
