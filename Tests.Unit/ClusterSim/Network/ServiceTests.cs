using System.Net.Sockets;
using ClusterSim.Machinery;
using ClusterSim.Network;
using ClusterSim.Network.Streams;

namespace ClusterSim.Tests.Network;

[Parallelizable(ParallelScope.All)]
[CancelAfter(30_000)]
internal sealed class ServiceTests
{
    [Test]
    public async Task A_Service_without_endpoints_refuses_at_once()
    {
        await using var net = new TestNetwork(new NetworkOptions { Denied = DeniedTraffic.Drop });
        net.Service("a", "empty", "10.96.0.7", 80, 80);

        Assert.That(await TestNetwork.DialErrorAsync(net.Pod("a", "client").Join("main"), "empty", 80), Is.EqualTo(SocketError.ConnectionRefused));
        Assert.That(await TestNetwork.DialErrorAsync(net.Pod("a", "client").Join("main"), "nosuch", 80), Is.EqualTo(SocketError.HostNotFound));
    }

    [Test]
    public async Task New_connections_go_to_the_endpoints_of_this_moment()
    {
        await using var net = new TestNetwork();
        var (one, two) = (net.Pod("a", "one"), net.Pod("a", "two"));
        await net.ServeAsync(one, 80);
        await net.ServeAsync(two, 80);
        net.Service("a", "web", "10.96.0.7", 80, 80, one);
        var caller = net.Pod("a", "client").Join("main");

        Assert.That(await AskAsync(caller, "web"), Is.EqualTo(one.Address.ToString()));
        net.Slice("a", "web", 80, two);
        Assert.That(await AskAsync(caller, "web"), Is.EqualTo(two.Address.ToString()));

        net.Slice("a", "web", 80, one, two);
        var heard = new HashSet<string>(StringComparer.Ordinal);
        for (var tries = 0; tries < 100; tries++)
            heard.Add(await AskAsync(caller, "web"));
        Assert.That(heard, Has.Count.EqualTo(2), "both endpoints are used");
    }

    [Test]
    public async Task A_client_with_session_affinity_stays_with_its_endpoint_while_it_is_there()
    {
        await using var net = new TestNetwork();
        var pods = Enumerable.Range(0, 4).Select(number => net.Pod("a", $"web-{number}")).ToArray();
        foreach (var pod in pods)
            await net.ServeAsync(pod, 80);
        net.Service("a", "web", "10.96.0.7", 80, 80, pods);
        net.Apply("""
            apiVersion: v1
            kind: Service
            metadata: { name: web, namespace: a }
            spec: { type: ClusterIP, clusterIP: 10.96.0.7, clusterIPs: [ 10.96.0.7 ], sessionAffinity: ClientIP, ports: [ { port: 80, protocol: TCP } ] }
            """);
        var caller = net.Pod("a", "client").Join("main");

        var first = await AskAsync(caller, "web");
        for (var tries = 0; tries < 20; tries++)
            Assert.That(await AskAsync(caller, "web"), Is.EqualTo(first));
        net.Slice("a", "web", 80, [.. pods.Where(pod => pod.Address.ToString() != first)]);
        Assert.That(await AskAsync(caller, "web"), Is.Not.EqualTo(first));
    }

    [Test]
    public async Task A_headless_Services_names_give_its_pods()
    {
        await using var net = new TestNetwork();
        var (zero, one) = (net.Pod("a", "db-0"), net.Pod("a", "db-1"));
        await net.ServeAsync(zero, 5432);
        await net.ServeAsync(one, 5432);
        net.Apply("""
            apiVersion: v1
            kind: Service
            metadata: { name: db, namespace: a }
            spec: { type: ClusterIP, clusterIP: None, clusterIPs: [ None ], ports: [ { port: 5432, protocol: TCP } ] }
            """);
        net.Slice("a", "db", 5432, zero, one);
        var caller = net.Pod("b", "client").Join("main");

        Assert.That(await AskAsync(caller, "db-1.db.a", 5432), Is.EqualTo(one.Address.ToString()));
        Assert.That(await AskAsync(caller, "db-0.db.a.svc.cluster.local", 5432), Is.EqualTo(zero.Address.ToString()));
        Assert.That(await AskAsync(caller, "db.a", 5432), Is.EqualTo(zero.Address.ToString()).Or.EqualTo(one.Address.ToString()));
        Assert.That(await TestNetwork.DialErrorAsync(caller, "db-2.db.a", 5432), Is.EqualTo(SocketError.NoData).Or.EqualTo(SocketError.HostNotFound));
        await zero.DisposeAsync();
        Assert.That(await AskAsync(caller, "db.a", 5432), Is.EqualTo(one.Address.ToString()), "the next address is tried");
    }

    [Test]
    public async Task An_external_name_leads_to_another_Service()
    {
        await using var net = new TestNetwork();
        var pod = net.Pod("b", "web");
        await net.ServeAsync(pod, 80);
        net.Service("b", "web", "10.96.0.7", 80, 80, pod);
        net.Apply("""
            apiVersion: v1
            kind: Service
            metadata: { name: alias, namespace: a }
            spec: { type: ExternalName, externalName: web.b.svc.cluster.local }
            """);

        Assert.That(await AskAsync(net.Pod("a", "client").Join("main"), "alias"), Is.EqualTo(pod.Address.ToString()));
    }

    [Test]
    public async Task A_local_traffic_policy_uses_the_callers_node_or_drops()
    {
        await using var net = new TestNetwork(new NetworkOptions { Denied = DeniedTraffic.Reject });
        var (here, there) = (net.Pod("a", "here", node: "node-1"), net.Pod("a", "there", node: "node-2"));
        await net.ServeAsync(here, 80);
        await net.ServeAsync(there, 80);
        net.Service("a", "web", "10.96.0.7", 80, 80, here, there);
        net.Apply("""
            apiVersion: v1
            kind: Service
            metadata: { name: web, namespace: a }
            spec: { type: ClusterIP, clusterIP: 10.96.0.7, clusterIPs: [ 10.96.0.7 ], internalTrafficPolicy: Local, ports: [ { port: 80, protocol: TCP } ] }
            """);

        for (var tries = 0; tries < 10; tries++)
            Assert.That(await AskAsync(net.Pod("a", "client", node: "node-2").Join("main"), "web"), Is.EqualTo(there.Address.ToString()));
        Assert.That(await TestNetwork.DialErrorAsync(net.Pod("a", "far", node: "node-3").Join("main"), "web", 80, 200), Is.EqualTo(SocketError.TimedOut));
    }

    [Test]
    public async Task A_Service_whose_pods_all_end_is_served_by_those_that_still_serve()
    {
        await using var net = new TestNetwork();
        var pod = net.Pod("a", "web");
        await net.ServeAsync(pod, 80);
        net.Service("a", "web", "10.96.0.7", 80, 80, pod);
        net.Apply($$"""
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: { name: web-slice, namespace: a, labels: { kubernetes.io/service-name: web } }
            endpoints: [ { addresses: [ {{pod.Address}} ], conditions: { ready: false, serving: true, terminating: true } } ]
            ports: [ { name: "", protocol: TCP, port: 80 } ]
            """);

        Assert.That(await AskAsync(net.Pod("a", "client").Join("main"), "web"), Is.EqualTo(pod.Address.ToString()));
    }

    [Test]
    public async Task A_name_needs_DNS_and_DNS_must_be_allowed()
    {
        await using var net = new TestNetwork();
        var pod = net.Pod("b", "web");
        await net.ServeAsync(pod, 80);
        net.Service("b", "web", "10.96.0.7", 80, 80, pod);
        net.Apply("""
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: { name: to-b, namespace: a }
            spec:
              podSelector: {}
              policyTypes: [ Egress ]
              egress: [ { to: [ { namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: b } } } ] } ]
            """);
        var caller = net.Pod("a", "client").Join("main");

        Assert.That(await TestNetwork.DialErrorAsync(caller, "web.b", 80), Is.EqualTo(SocketError.TryAgain));
        Assert.That(await TestNetwork.DialErrorAsync(caller, "10.96.0.7", 80), Is.Null, "an address needs no DNS");

        net.Apply("""
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: { name: dns, namespace: a }
            spec:
              podSelector: {}
              policyTypes: [ Egress ]
              egress:
                - to: [ { namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: kube-system } }, podSelector: { matchLabels: { k8s-app: kube-dns } } } ]
                  ports: [ { port: 53, protocol: UDP } ]
            """);
        Assert.That(await TestNetwork.DialErrorAsync(caller, "web.b", 80), Is.Null);
    }

    [Test]
    public async Task Where_the_cluster_runs_DNS_pods_policy_speaks_of_those_and_names_need_one_that_is_ready()
    {
        await using var net = new TestNetwork();
        var pod = net.Pod("b", "web");
        await net.ServeAsync(pod, 80);
        net.Service("b", "web", "10.96.0.7", 80, 80, pod);
        net.Slice("kube-system", "kube-dns", 53);
        var caller = net.Pod("a", "client").Join("main");
        Assert.That(await TestNetwork.DialErrorAsync(caller, "web.b", 80), Is.Null, "no DNS pods are stored: the wire answers itself");

        var dns = net.Pod("kube-system", "coredns-1", labels: "{ k8s-app: kube-dns }");
        Assert.That(await TestNetwork.DialErrorAsync(caller, "web.b", 80, 200), Is.EqualTo(SocketError.TimedOut), "there is one, and it is not ready");

        net.Slice("kube-system", "kube-dns", 53, dns);
        Assert.That(await TestNetwork.DialErrorAsync(caller, "web.b", 80), Is.Null);
        net.Apply("""
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: { name: shut, namespace: kube-system }
            spec: { podSelector: {}, policyTypes: [ Ingress ] }
            """);
        Assert.That(await TestNetwork.DialErrorAsync(caller, "web.b", 80), Is.EqualTo(SocketError.TryAgain));
    }

    [Test]
    public async Task Faults_may_refuse_a_connection_that_policy_lets_pass()
    {
        await using var net = new TestNetwork();
        var pod = net.Pod("b", "web");
        await net.ServeAsync(pod, 80);
        net.Wire.Faults = new Cut(pod.Address);

        Assert.That(await TestNetwork.DialErrorAsync(net.Pod("a", "client").Join("main"), pod.Address.ToString(), 80), Is.EqualTo(SocketError.NetworkUnreachable));
        net.Wire.Faults = null;
        Assert.That(await TestNetwork.DialErrorAsync(net.Pod("a", "client").Join("main"), pod.Address.ToString(), 80), Is.Null);
    }

    [Test]
    public async Task Policy_sees_the_pod_behind_a_Service_and_its_port_not_the_Services()
    {
        await using var net = new TestNetwork();
        var pod = net.Pod("b", "web", labels: "{ app: web }");
        await net.ServeAsync(pod, 8080);
        net.Service("b", "web", "10.96.0.7", 80, 8080, pod);
        net.Apply("""
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: { name: web, namespace: b }
            spec: { podSelector: { matchLabels: { app: web } }, ingress: [ { ports: [ { port: 8080 } ] } ] }
            """);

        Assert.That(await TestNetwork.DialErrorAsync(net.Pod("a", "client").Join("main"), "web.b", 80), Is.Null);
    }

    [Test]
    public async Task A_node_port_is_answered_on_the_nodes_address_and_a_cluster_address_means_nothing_outside()
    {
        await using var net = new TestNetwork();
        var pod = net.Pod("a", "web");
        await net.ServeAsync(pod, 80);
        net.Service("a", "web", "10.96.0.7", 80, 80, pod);
        net.Apply("""
            apiVersion: v1
            kind: Node
            metadata: { name: node-1 }
            status: { addresses: [ { type: InternalIP, address: 172.18.0.2 } ] }
            ---
            apiVersion: v1
            kind: Service
            metadata: { name: web, namespace: a }
            spec: { type: NodePort, clusterIP: 10.96.0.7, clusterIPs: [ 10.96.0.7 ], ports: [ { port: 80, protocol: TCP, nodePort: 30080 } ] }
            """);

        await using (await net.Wire.ConnectExternalAsync(System.Net.IPAddress.Parse("172.18.0.2"), 30080, default))
            Assert.That(net.Wire.Connections.Count(), Is.EqualTo(1));
        Assert.That(await TestNetwork.DialErrorAsync(net.Pod("a", "client").Join("main"), "172.18.0.2", 30080), Is.Null);
        Assert.That(async () => await net.Wire.ConnectExternalAsync(System.Net.IPAddress.Parse("10.96.0.7"), 80, default),
            Throws.TypeOf<SocketException>().With.Property(nameof(SocketException.SocketErrorCode)).EqualTo(SocketError.HostUnreachable));
    }

    [Test]
    public async Task From_outside_a_node_serves_all_endpoints_and_under_a_local_policy_its_own_or_drops()
    {
        await using var net = new TestNetwork(new NetworkOptions { Denied = DeniedTraffic.Reject });
        var (one, two) = (net.Pod("a", "one", node: "node-1"), net.Pod("a", "two", node: "node-2"));
        await net.ServeAsync(one, 80);
        await net.ServeAsync(two, 80);
        net.Service("a", "web", "10.96.0.7", 80, 80, one, two);
        foreach (var node in (int[])[1, 2, 3])
            net.Apply($$"""
                apiVersion: v1
                kind: Node
                metadata: { name: node-{{node}} }
                status: { addresses: [ { type: InternalIP, address: 172.18.0.{{node}} } ] }
                """);

        net.Apply(NodePort("Cluster"));
        Assert.That(await AskNodeAsync(net, 3), Is.EqualTo(one.Address.ToString()).Or.EqualTo(two.Address.ToString()), "Cluster: any node leads to any endpoint");

        net.Apply(NodePort("Local"));
        for (var tries = 0; tries < 10; tries++)
        {
            Assert.That(await AskNodeAsync(net, 1), Is.EqualTo(one.Address.ToString()));
            Assert.That(await AskNodeAsync(net, 2), Is.EqualTo(two.Address.ToString()));
        }
        using (var patience = new CancellationTokenSource(200))
            Assert.That(async () => await net.Wire.ConnectExternalAsync(System.Net.IPAddress.Parse("172.18.0.3"), 30080, patience.Token), Throws.InstanceOf<OperationCanceledException>(), "dropped, not refused");
        Assert.That(await TestNetwork.DialErrorAsync(net.Pod("a", "client", node: "node-3").Join("main"), "172.18.0.3", 30080), Is.Null, "who is inside is given any endpoint");
        await using (await net.Wire.ConnectServiceAsync(new ObjectKey("a", "web"), 80, default))
            Assert.That(net.Wire.Connections.Any(), "a load balancer finds a node that serves");

        net.Slice("a", "web", 80);
        Assert.That(async () => await net.Wire.ConnectExternalAsync(System.Net.IPAddress.Parse("172.18.0.3"), 30080, default),
            Throws.TypeOf<SocketException>().With.Property(nameof(SocketException.SocketErrorCode)).EqualTo(SocketError.ConnectionRefused), "no endpoint anywhere");

        static string NodePort(string policy) => $$"""
            apiVersion: v1
            kind: Service
            metadata: { name: web, namespace: a }
            spec: { type: NodePort, externalTrafficPolicy: {{policy}}, clusterIP: 10.96.0.7, clusterIPs: [ 10.96.0.7 ], ports: [ { port: 80, protocol: TCP, nodePort: 30080 } ] }
            """;
    }

    [Test]
    public async Task Under_a_local_policy_an_endpoint_that_ends_serves_its_node_while_others_are_ready_elsewhere()
    {
        await using var net = new TestNetwork(new NetworkOptions { Denied = DeniedTraffic.Reject });
        var (ending, ready) = (net.Pod("a", "ending", node: "node-1"), net.Pod("a", "ready", node: "node-2"));
        await net.ServeAsync(ending, 80);
        await net.ServeAsync(ready, 80);
        net.Service("a", "web", "10.96.0.7", 80, 80);
        net.Apply($$"""
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: { name: web-slice, namespace: a, labels: { kubernetes.io/service-name: web } }
            endpoints:
              - { addresses: [ {{ending.Address}} ], nodeName: node-1, conditions: { ready: false, serving: true, terminating: true } }
              - { addresses: [ {{ready.Address}} ], nodeName: node-2, conditions: { ready: true } }
            ports: [ { name: "", protocol: TCP, port: 80 } ]
            """);
        var caller = net.Pod("a", "client", node: "node-1").Join("main");
        Assert.That(await AskAsync(caller, "web"), Is.EqualTo(ready.Address.ToString()));

        net.Apply("""
            apiVersion: v1
            kind: Service
            metadata: { name: web, namespace: a }
            spec: { type: ClusterIP, clusterIP: 10.96.0.7, clusterIPs: [ 10.96.0.7 ], internalTrafficPolicy: Local, ports: [ { port: 80, protocol: TCP } ] }
            """);
        Assert.That(await AskAsync(caller, "web"), Is.EqualTo(ending.Address.ToString()));
    }

    private sealed class Cut(System.Net.IPAddress from) : IWireFaults
    {
        public ValueTask ConnectingAsync(WireHop hop, CancellationToken cancellation) =>
            hop.Destination.Address.Equals(from) ? throw new SocketException((int)SocketError.NetworkUnreachable) : ValueTask.CompletedTask;
    }

    private static async Task<string> AskAsync(IContainerNetwork from, string host, int port = 80)
    {
        using var client = TestNetwork.Client(from);
        return await client.GetStringAsync($"http://{host}:{port}/");
    }

    private static async Task<string> AskNodeAsync(TestNetwork net, int node)
    {
        using var client = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = (_, cancellation) => net.Wire.ConnectExternalAsync(System.Net.IPAddress.Parse($"172.18.0.{node}"), 30080, cancellation),
        });
        return await client.GetStringAsync("http://node:30080/");
    }
}
