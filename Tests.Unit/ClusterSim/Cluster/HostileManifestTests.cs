using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ClusterSim.Streaming;
using ClusterSim.Tests.Fidelity;

namespace ClusterSim.Tests.Cluster;

/// <summary>Manifests that aim at this machine: its files by paths, its services by addresses, its processors by loops.</summary>
public sealed class HostileManifestTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private SimulatedCluster _cluster = null!;
    private HttpClient _client = null!;
    private TcpListener _machine = null!;

    private int Port => ((IPEndPoint)_machine.LocalEndpoint).Port;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await SimulatedCluster.StartAsync();
        _client = ApiHttp.ClientOf(_cluster);
        _machine = new TcpListener(IPAddress.Loopback, 0);
        _machine.Start();
        _cluster.ApplyYaml("""
            apiVersion: v1
            kind: Pod
            metadata: { name: tool }
            spec: { containers: [ { name: main, image: "busybox:1.36", command: [ sleep, "3600" ] } ] }
            """);
        await _cluster.ReadyAsync(Limit);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        _client.Dispose();
        _machine.Dispose();
        await _cluster.DisposeAsync();
    }

    [TestCase("volumeMounts: [ { name: v, mountPath: /v, subPath: ../x } ]", "emptyDir: {}", "must not contain '..'")]
    [TestCase("volumeMounts: [ { name: v, mountPath: /v, subPath: a/../../x } ]", "emptyDir: {}", "must not contain '..'")]
    [TestCase("volumeMounts: [ { name: v, mountPath: /v, subPath: /etc } ]", "emptyDir: {}", "must be a relative path")]
    [TestCase("volumeMounts: [ { name: v, mountPath: /v, subPathExpr: ../x } ]", "emptyDir: {}", "must not contain '..'")]
    [TestCase("", "configMap: { name: c, items: [ { key: k, path: ../x } ] }", "must not contain '..'")]
    [TestCase("", "configMap: { name: c, items: [ { key: k, path: /etc/passwd } ] }", "must be a relative path")]
    [TestCase("", "secret: { secretName: c, items: [ { key: k, path: a/../../x } ] }", "must not contain '..'")]
    [TestCase("", "projected: { sources: [ { configMap: { name: c, items: [ { key: k, path: ../x } ] } } ] }", "must not contain '..'")]
    [TestCase("", "projected: { sources: [ { serviceAccountToken: { path: ../x } } ] }", "must not contain '..'")]
    [TestCase("", "downwardAPI: { items: [ { path: ../x, fieldRef: { fieldPath: metadata.name } } ] }", "must not contain '..'")]
    public void A_path_of_a_manifest_does_not_lead_up(string mounts, string volume, string message) =>
        Assert.That(
            () => _cluster.ApplyYaml($$"""
                apiVersion: v1
                kind: Pod
                metadata: { name: paths }
                spec:
                  containers: [ { name: main, image: "busybox:1.36"{{(mounts.Length > 0 ? ", " + mounts : "")}} } ]
                  volumes: [ { name: v, {{volume}} } ]
                """),
            Throws.TypeOf<KubernetesApiException>().With.Message.Contains(message));

    [TestCase("ConfigMap", "..")]
    [TestCase("ConfigMap", "../x")]
    [TestCase("ConfigMap", "a/b")]
    [TestCase("Secret", "..")]
    [TestCase("Secret", "..x")]
    public void A_key_is_no_path(string kind, string key) =>
        Assert.That(
            () => _cluster.ApplyYaml($$"""{ "apiVersion": "v1", "kind": "{{kind}}", "metadata": { "name": "keys" }, "data": { "{{key}}": "eA==" } }"""),
            Throws.TypeOf<KubernetesApiException>().With.Property("Code").EqualTo(422));

    [TestCase("127.0.0.1")]
    [TestCase("127.1.2.3")]
    [TestCase("169.254.169.254")]
    [TestCase("0.0.0.0")]
    public void An_EndpointSlice_names_no_address_of_a_machine(string address) =>
        Assert.That(
            () => _cluster.ApplyYaml($$"""
                apiVersion: discovery.k8s.io/v1
                kind: EndpointSlice
                metadata: { name: aimed, labels: { kubernetes.io/service-name: aimed } }
                addressType: IPv4
                endpoints: [ { addresses: [ {{address}} ] } ]
                ports: [ { port: {{Port}} } ]
                """),
            Throws.TypeOf<KubernetesApiException>().With.Property("Code").EqualTo(422));

    [TestCase("127.0.0.1")]
    [TestCase("localhost")]
    [TestCase("169.254.169.254")]
    [TestCase("{MACHINE}")]
    public async Task Nothing_in_the_cluster_reaches_this_machine_or_its_metadata(string address)
    {
        address = address.Replace("{MACHINE}", Dns.GetHostName(), StringComparison.Ordinal);
        _cluster.ApplyYaml($$"""
            apiVersion: v1
            kind: Service
            metadata: { name: aimed }
            spec: { type: ExternalName, externalName: {{(IPAddress.TryParse(address, out _) ? address + ".nip.example" : address)}}, ports: [ { port: {{Port}} } ] }
            ---
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: { name: aimed }
            spec: { defaultBackend: { service: { name: aimed, port: { number: {{Port}} } } } }
            """);
        var port = Port.ToString(CultureInfo.InvariantCulture);
        using var web = new HttpClient();
        var ip = IPAddress.TryParse(address, out _) ? address : "127.0.0.1";
        using var podIp = new StringContent($$$"""{"status":{"podIP":"{{{ip}}}","podIPs":[{"ip":"{{{ip}}}"}]}}""", Encoding.UTF8, "application/merge-patch+json");
        using var patched = await _client.PatchAsync(new Uri("/api/v1/namespaces/default/pods/tool/status", UriKind.Relative), podIp);

        var said = await RunAsync($"wget -T 1 -O- http://{address}:{port}/; wget -T 1 -O- http://aimed:{port}/; nc -w 1 {address} {port} </dev/null; echo done");
        foreach (var path in (string[])[$"pods/tool:{port}", $"services/aimed:{port}"])
        {
            using var proxied = await _client.GetAsync(new Uri($"/api/v1/namespaces/default/{path}/proxy/", UriKind.Relative));
            Assert.That(proxied.IsSuccessStatusCode, Is.False, path);
        }
        using var ingress = await web.GetAsync(_cluster.Ingress);

        Assert.That(ingress.IsSuccessStatusCode, Is.False);
        Assert.That(said, Does.EndWith("done\n"));
        Assert.That(_machine.Pending(), Is.False, "a connection came to this machine");
    }

    [Test]
    public async Task A_pod_that_loops_for_ever_keeps_nothing_else_from_running_and_ends_when_it_is_deleted()
    {
        foreach (var (name, program) in (ReadOnlySpan<(string, string)>)[("loops", "while true; do :; done"), ("counts", "i=0; while :; do i=$((i+1)); done"), ("reads", "cat /dev/zero > /dev/null")])
            _cluster.ApplyYaml($$"""
                apiVersion: v1
                kind: Pod
                metadata: { name: {{name}}, labels: { kind: endless } }
                spec: { terminationGracePeriodSeconds: 1, containers: [ { name: main, image: "busybox:1.36", command: [ sh, -c, "{{program}}" ] } ] }
                """);
        _cluster.ApplyYaml(Workloads.Web(1));

        await _cluster.ReadyAsync(Limit);
        foreach (var name in (string[])["loops", "counts", "reads"])
            _cluster.Delete("pods", "default", name);

        await _cluster.UntilAsync(() => ((string[])["loops", "counts", "reads"]).All(name => _cluster.Find("pods", "default", name) is null), Limit);
    }

    private async Task<string> RunAsync(string program)
    {
        var pod = _cluster.Pod("default", "tool");
        using var output = new MemoryStream();
        await _cluster.Nodes.Find(pod.NodeName!)!.ExecAsync(pod, "main", ["sh", "-c", program], new ContainerStreams(null, output, output, false), CancellationToken.None).WaitAsync(Limit);
        return Encoding.UTF8.GetString(output.ToArray());
    }
}
