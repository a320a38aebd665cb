using System.Net.Sockets;
using ClusterSim.Network;
using ClusterSim.Network.Policies;

namespace ClusterSim.Tests.Network;

/// <summary>
/// What Kubernetes' own NetworkPolicy tests (test/e2e/network/netpol) ask of a network, in our words: namespaces x, y and z with pods a, b and c
/// each, two ports, and after each change every pod tries every other, on the wire and by the evaluator. docs/conformance.md lists the subjects.
/// </summary>
public sealed class KubernetesPolicyTests
{
    private static readonly string[] Names = ["x/a", "x/b", "x/c", "y/a", "y/b", "y/c", "z/a", "z/b", "z/c"];
    private static readonly int[] Ports = [80, 81];

    private const string FromXa = "from: [{ namespaceSelector: { matchLabels: { ns: x } }, podSelector: { matchLabels: { pod: a } } }]";

    private readonly Dictionary<string, (IPodNetwork Network, IContainerNetwork Dials)> _pods = new(StringComparer.Ordinal);
    private TestNetwork _net = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _net = new TestNetwork();
        _pods.Clear();
        foreach (var @namespace in (string[])["x", "y", "z"])
            _net.Apply($$"""{ apiVersion: v1, kind: Namespace, metadata: { name: '{{@namespace}}', labels: { ns: '{{@namespace}}' } } }""");
        foreach (var name in Names)
        {
            var parts = name.Split('/');
            var pod = Pod(parts[0], parts[1], parts[1]);
            var process = pod.Join("main");
            foreach (var port in Ports)
                await TestNetwork.ListenAsync(process, port);
            _pods[name] = (pod, process);
        }
    }

    [TearDown]
    public async Task EndAsync() => await _net.DisposeAsync();

    /// <summary>Each: its name, the policies, and who is denied: from, to (each with * for any part) and the port, or 0 for both; later ones with ! take back.</summary>
    public static IEnumerable<TestCaseData> Cases
    {
        get
        {
            yield return Case("without policies everybody reaches everybody", "");
            yield return Case("deny all ingress of a namespace", P("x", "", "[Ingress]"), "* x/*");
            yield return Case("deny all traffic of a namespace", P("x", "", "[Ingress, Egress]"), "* x/*", "x/* *");
            yield return Case("deny all egress of a namespace", P("x", "", "[Egress]"), "x/* *");
            yield return Case("ingress from a pod of the own namespace", I("x", "a", "from: [{ podSelector: { matchLabels: { pod: b } } }]"), "* x/a", "!x/b x/a");
            yield return Case("a target opened in a namespace that is shut", P("x", "", "[Ingress]") + I("x", "a", "from: [{ podSelector: {}, namespaceSelector: {} }]"), "* x/b", "* x/c");
            yield return Case("ingress from all namespaces", I("x", "a", "from: [{ namespaceSelector: {} }]"));
            yield return Case("ingress from one other namespace", I("x", "a", "from: [{ namespaceSelector: { matchLabels: { ns: 'y' } } }]"), "* x/a", "!y/* x/a");
            yield return Case("pods by expression", I("x", "a", "from: [{ podSelector: { matchExpressions: [{ key: pod, operator: In, values: [b] }] } }]"), "* x/a", "!x/b x/a");
            yield return Case("namespaces by expression", I("x", "a", "from: [{ namespaceSelector: { matchExpressions: [{ key: ns, operator: In, values: [y] }] } }]"), "* x/a", "!y/* x/a");
            yield return Case("pods or namespaces: two peers", I("x", "a", "from: [{ namespaceSelector: { matchExpressions: [{ key: ns, operator: NotIn, values: [x] }] } }, { podSelector: { matchLabels: { pod: b } } }]"), "x/c x/a");
            yield return Case("pods and namespaces: one peer", I("x", "a", "from: [{ namespaceSelector: { matchExpressions: [{ key: ns, operator: NotIn, values: [x] }] }, podSelector: { matchLabels: { pod: b } } }]"), "* x/a", "!y/b x/a", "!z/b x/a");
            yield return Case("several pods and namespaces", I("x", "a", "from: [{ namespaceSelector: { matchExpressions: [{ key: ns, operator: NotIn, values: [x] }] }, podSelector: { matchExpressions: [{ key: pod, operator: In, values: [b, c] }] } }]"), "x/* x/a", "y/a x/a", "z/a x/a");
            yield return Case("any of several pods", I("x", "a", "from: [{ podSelector: { matchLabels: { pod: b } } }, { podSelector: { matchLabels: { pod: c } } }]"), "y/* x/a", "z/* x/a");
            yield return Case("one pod of one other namespace", I("x", "a", "from: [{ namespaceSelector: { matchLabels: { ns: 'y' } }, podSelector: { matchLabels: { pod: a } } }]"), "* x/a", "!y/a x/a");
            yield return Case("ingress on one port", I("x", "a", "from: [{ namespaceSelector: { matchLabels: { ns: 'y' } } }], ports: [{ port: 81 }]"), "* x/a", "!y/* x/a 81");
            yield return Case("overlapping policies add up", I("x", "a", "from: [{ namespaceSelector: { matchLabels: { ns: 'y' } } }], ports: [{ port: 81 }]") + I("x", "a", "from: [{ namespaceSelector: { matchLabels: { ns: 'y' } } }], ports: [{ port: 80 }]", "second"), "* x/a", "!y/* x/a");
            yield return Case("allow all ingress", I("x", null, ""));
            yield return Case("ingress on a named port", I("x", "a", "ports: [{ port: serve-81 }]"), "* x/a 80");
            yield return Case("ingress from a namespace on a named port", I("x", "a", "from: [{ namespaceSelector: { matchLabels: { ns: 'y' } } }], ports: [{ port: serve-80 }]"), "* x/a", "!y/* x/a 80");
            yield return Case("egress on a named port: the destination's name counts", E("x", "a", "ports: [{ port: serve-80 }]"), "x/a * 81");
            yield return Case("egress of one pod denied", P("x", "a", "[Egress]"), "x/a *");
            yield return Case("ingress and egress together", I("x", "a", "from: [{ namespaceSelector: { matchLabels: { ns: 'y' } } }]") + E("x", "a", "to: [{ namespaceSelector: { matchLabels: { ns: 'y' } } }]"), "* x/a", "!y/* x/a", "x/a *", "!x/a y/*");
            yield return Case("the client's egress denies what the server's ingress allows", P("x", "a", "[Egress]") + I("y", "a", ""), "x/a *");
            yield return Case("egress to one pod of another namespace", E("x", "a", "to: [{ namespaceSelector: { matchLabels: { ns: 'y' } }, podSelector: { matchLabels: { pod: a } } }]"), "x/a *", "!x/a y/a");
            yield return Case("any port of one protocol", I("x", "a", "ports: [{ protocol: TCP }]"));
            yield return Case("allow all wins over a narrower ingress policy", I("x", "a", "from: [{ podSelector: { matchLabels: { pod: b } } }], ports: [{ port: 80 }]") + I("x", "a", "", "all"));
            yield return Case("allow all wins over a narrower egress policy", E("x", "a", "ports: [{ port: 80 }]") + E("x", "a", "", "all"));
            yield return Case("directions are independent", I("x", "a", "") + P("x", "b", "[Egress]"), "x/b *");
            yield return Case("SCTP is not TCP", I("x", "a", "ports: [{ protocol: SCTP, port: 80 }]"), "* x/a");
            yield return Case("UDP is not TCP", I("x", "a", "ports: [{ protocol: UDP, port: 81 }]"), "* x/a");
            yield return Case("a range of ports", I("x", "a", "ports: [{ port: 81, endPort: 90 }]"), "* x/a 80");
            yield return Case("a range that ends where it begins", E("x", "a", "ports: [{ port: 80, endPort: 80 }]"), "x/a * 81");
            yield return Case("ingress from the own namespace alone", I("x", null, "from: [{ podSelector: {} }]"), "y/* x/*", "z/* x/*");
            yield return Case("namespaces by the label that each has", I("x", "a", "from: [{ namespaceSelector: { matchLabels: { kubernetes.io/metadata.name: 'y' } } }]"), "* x/a", "!y/* x/a");
            yield return Case("egress to namespaces by expression on the label that each has", E("x", "a", "to: [{ namespaceSelector: { matchExpressions: [{ key: kubernetes.io/metadata.name, operator: NotIn, values: [y] }] } }]"), "x/a y/*");
            yield return Case("one policy for both directions: the one's ports are not the other's", P("x", "a", "[Ingress, Egress]\n  ingress: [{ from: [{ podSelector: { matchLabels: { pod: b } } }] }]\n  egress: [{ ports: [{ port: 80 }] }]"), "* x/a", "!x/b x/a", "x/a * 81");
            yield return Case("one pod's egress allowed and its ingress denied", E("x", "a", "") + P("x", "a", "[Ingress]"), "* x/a");
            yield return Case("two servers allow the client, whose egress allows one", E("x", "a", "to: [{ namespaceSelector: { matchLabels: { ns: 'y' } }, podSelector: { matchLabels: { pod: a } } }]") + I("y", "a", FromXa) + I("y", "b", FromXa), "* y/a", "* y/b", "x/a *", "!x/a y/a");

            static TestCaseData Case(string name, string policies, params string[] denied) => new TestCaseData(policies, denied).SetArgDisplayNames(name);
        }
    }

    [TestCaseSource(nameof(Cases))]
    public async Task Policies_admit_whom_Kubernetes_tests_expect(string policies, string[] denied)
    {
        if (policies.Length > 0)
            _net.Apply(policies);

        await HoldsAsync(denied);
    }

    [Test]
    public async Task A_policy_that_is_changed_and_deleted_holds_at_once()
    {
        _net.Apply(P("x", "a", "[Ingress]"));
        await HoldsAsync("* x/a");
        _net.Apply(P("x", "a", "[Ingress]\n  ingress: [{ ports: [{ port: 81 }] }]"));
        await HoldsAsync("* x/a 80");
        _net.Delete("networkpolicies", "networking.k8s.io", "x", "p-a");
        await HoldsAsync();
    }

    [Test]
    public async Task Labels_that_change_on_a_pod_or_a_namespace_count_at_once()
    {
        _net.Apply(I("x", "a", "from: [{ podSelector: { matchLabels: { role: friend } } }]") + I("x", "b", "from: [{ namespaceSelector: { matchLabels: { role: friend } } }]"));
        await HoldsAsync("* x/a", "* x/b");
        Pod("x", "c", "c, role: friend");
        await HoldsAsync("* x/a", "* x/b", "!x/c x/a");
        _net.Apply("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"y","labels":{"ns":"y","role":"friend"}}}""");
        await HoldsAsync("* x/a", "* x/b", "!x/c x/a", "!y/* x/b");
        Pod("x", "c", "c");
        await HoldsAsync("* x/a", "* x/b", "!y/* x/b");
    }

    [Test]
    public async Task A_pod_whose_labels_change_is_isolated_at_once()
    {
        _net.Apply(P("x", "a, target: isolated", "[Ingress]").Replace("p-a, target: isolated", "isolated", StringComparison.Ordinal));
        await HoldsAsync();
        Pod("x", "a", "a, target: isolated");
        await HoldsAsync("* x/a");
        Pod("x", "a", "a");
        await HoldsAsync();
    }

    /// <summary>No stream of these is carried here, but what a policy says of them is known.</summary>
    [TestCase("UDP")]
    [TestCase("SCTP")]
    public void Ports_of_other_protocols_are_judged_by_their_own_rules(string name)
    {
        var protocol = Enum.Parse<TransportProtocol>(name, ignoreCase: true);
        _net.Apply(P("x", "", "[Ingress]") + I("x", "a", $"from: [{{ namespaceSelector: {{ matchLabels: {{ ns: 'y' }} }}, podSelector: {{ matchLabels: {{ pod: a }} }} }}], ports: [{{ protocol: {name}, port: 81 }}]"));

        Assert.Multiple(() =>
        {
            Assert.That(Judged("y/a", "x/a", 81, protocol));
            Assert.That(Judged("y/a", "x/a", 80, protocol), Is.False, "another port");
            Assert.That(Judged("y/a", "x/a", 81, TransportProtocol.Tcp), Is.False, "another protocol");
            Assert.That(Judged("x/b", "x/a", 81, protocol), Is.False, "another pod");
            Assert.That(Judged("y/a", "x/b", 81, protocol), Is.False, "default-deny");
            Assert.That(Judged("x/a", "y/a", 81, protocol), "nobody selects y");
        });
        _net.Apply(I("x", "a", "ports: [{ protocol: TCP }]"));
        Assert.That(Judged("z/a", "x/a", 80, protocol), Is.False, "any port of TCP is none of another");
        Assert.That(Judged("z/a", "x/a", 80, TransportProtocol.Tcp));
    }

    private bool Judged(string from, string to, int port, TransportProtocol protocol) =>
        _net.Wire.Policies.Evaluate(((WireHost)_pods[from].Network).Party, ((WireHost)_pods[to].Network).Party, port, protocol).IsAllowed;

    [Test]
    public async Task A_block_of_addresses_admits_its_own_without_what_it_excepts()
    {
        var (server, range) = (_pods["y/a"].Network.Address, "10.244.0.0/16");
        _net.Apply(E("x", "a", $"to: [{{ ipBlock: {{ cidr: {server}/32 }} }}]"));
        await HoldsAsync("x/a *", "!x/a y/a");

        _net.Apply(E("x", "a", $"to: [{{ ipBlock: {{ cidr: {range}, except: [{server}/32] }} }}]"));
        await HoldsAsync("x/a y/a");

        _net.Apply(E("x", "a", $"to: [{{ ipBlock: {{ cidr: {server}/32 }} }}]"));
        await HoldsAsync("x/a *", "!x/a y/a");
    }

    [Test]
    public async Task What_one_rule_excepts_another_may_admit()
    {
        var server = _pods["y/a"].Network.Address;

        _net.Apply(E("x", "a", $"to: [{{ ipBlock: {{ cidr: 10.244.0.0/16, except: [{server}/32] }} }}]") + E("x", "a", $"to: [{{ ipBlock: {{ cidr: {server}/32 }} }}]", "too"));

        await HoldsAsync();
    }

    /// <summary>Every pod tries every other on both ports; a pod always reaches itself.</summary>
    private async Task HoldsAsync(params string[] denied)
    {
        var differences = new List<string>();
        foreach (var from in Names)
            foreach (var to in Names)
                foreach (var port in Ports)
                {
                    var expected = from == to || !IsDenied(denied, from, to, port);
                    var tried = await TestNetwork.DialErrorAsync(_pods[from].Dials, _pods[to].Network.Address.ToString(), port) is not { } error || (error == SocketError.ConnectionRefused ? false : throw new SocketException((int)error));
                    var judged = Judged(from, to, port, TransportProtocol.Tcp);
                    if (tried != expected || judged != expected)
                        differences.Add($"{from} → {to}:{port}: expected {expected}, tried {tried}, judged {judged}");
                }
        Assert.That(differences, Is.Empty);
    }

    private static bool IsDenied(string[] rules, string from, string to, int port)
    {
        var denied = false;
        foreach (var rule in rules)
        {
            var parts = rule.TrimStart('!').Split(' ');
            if (Means(parts[0], from) && Means(parts[1], to) && (parts.Length < 3 || parts[2] == $"{port}"))
                denied = rule[0] != '!';
        }
        return denied;

        static bool Means(string pattern, string name) => pattern == "*" || pattern == name || (pattern.EndsWith("/*", StringComparison.Ordinal) && name.StartsWith(pattern[..^1], StringComparison.Ordinal));
    }

    private IPodNetwork Pod(string @namespace, string name, string label) => _net.Pod(
        @namespace, name, $"{{ pod: {label} }}", spec: "", ports: "[{ name: serve-80, containerPort: 80 }, { name: serve-81, containerPort: 81 }]");

    private static string P(string @namespace, string pod, string types) => $$"""
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: { name: p-{{pod}}, namespace: '{{@namespace}}' }
        spec:
          podSelector: {{Pods(pod)}}
          policyTypes: {{types}}

        """;

    private static string I(string @namespace, string? pod, string rule, string name = "ingress") => Rule(@namespace, pod, "Ingress", rule, name);

    private static string E(string @namespace, string? pod, string rule, string name = "egress") => Rule(@namespace, pod, "Egress", rule, name);

    private static string Rule(string @namespace, string? pod, string direction, string rule, string name) => $$"""
        ---
        apiVersion: networking.k8s.io/v1
        kind: NetworkPolicy
        metadata: { name: {{name}}-{{pod}}, namespace: '{{@namespace}}' }
        spec:
          podSelector: {{Pods(pod ?? "")}}
          policyTypes: [{{direction}}]
          {{direction.ToLowerInvariant()}}: [{ {{rule}} }]

        """;

    private static string Pods(string pod) => pod.Length == 0 ? "{}" : $"{{ matchLabels: {{ pod: {pod} }} }}";
}
