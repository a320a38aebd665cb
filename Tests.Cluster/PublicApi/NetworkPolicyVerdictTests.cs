using System.Net;
using System.Net.Sockets;
using ClusterSim;
using ClusterSim.Network;
using ClusterSim.Network.Policies;
using Microsoft.AspNetCore.Connections;

namespace Tests.Cluster.PublicApi;

/// <summary>The verdicts of NetworkPolicies, and that connections follow them.</summary>
[FixtureLifeCycle(LifeCycle.SingleInstance)]
[Parallelizable(ParallelScope.Self)]
public sealed class NetworkPolicyVerdictTests
{
    private static readonly IPAddress World = IPAddress.Parse("203.0.113.7");

    private SimulatedCluster _cluster = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { Network = new NetworkOptions { Denied = DeniedTraffic.Reject } });
        _cluster.ApplyYaml("""
            apiVersion: v1
            kind: Pod
            metadata: { name: db, labels: { app: db } }
            spec: { containers: [{ name: main, image: nginx, ports: [{ containerPort: 80 }] }] }
            ---
            apiVersion: v1
            kind: Pod
            metadata: { name: web, labels: { app: web } }
            spec: { containers: [{ name: main, image: nginx }] }
            ---
            apiVersion: v1
            kind: Pod
            metadata: { name: other }
            spec: { containers: [{ name: main, image: nginx }] }
            ---
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: { name: db-from-web }
            spec:
              podSelector: { matchLabels: { app: db } }
              policyTypes: [Ingress, Egress]
              ingress: [{ from: [{ podSelector: { matchLabels: { app: web } } }], ports: [{ port: 80 }] }]
            """);
        await _cluster.ReadyAsync(TimeSpan.FromSeconds(30));
    }

    [OneTimeTearDown]
    public async Task EndAsync() => await _cluster.DisposeAsync();

    [TestCase("web", 80, true, "allowed: no policy selects web for Egress; default/db-from-web admits default/web to db (Ingress rule 1)")]
    [TestCase("web", 5432, false, "denied: default/db-from-web selects db for Ingress; no rule admits port 5432/TCP from default/web")]
    [TestCase("other", 80, false, "denied: default/db-from-web selects db for Ingress; no rule admits pod default/other")]
    public async Task A_verdict_has_a_reason_and_holds(string from, int port, bool isAllowed, string reason)
    {
        var verdict = _cluster.NetworkPolicies.Evaluate(Peer(from), Peer("db"), port);

        Assert.That((verdict.IsAllowed, verdict.Reason), Is.EqualTo((isAllowed, reason)));
        Assert.That(verdict.DeniedBy, Is.EqualTo(isAllowed ? (PolicyType?)null : PolicyType.Ingress));
        Assert.That(await ConnectsAsync(from, Peer("db").Address!.ToString(), port), Is.EqualTo(isAllowed));
    }

    [Test]
    public async Task A_pod_reaches_an_address_outside_unless_its_policies_deny_it()
    {
        await using var listener = await _cluster.ListenOutsideAsync(World, 443);
        var accepted = AcceptAllAsync(listener);

        var (web, db) = (Evaluate("web"), Evaluate("db"));

        Assert.That((web.IsAllowed, await ConnectsAsync("web", World.ToString(), 443)), Is.EqualTo((true, true)));
        Assert.That((db.IsAllowed, await ConnectsAsync("db", World.ToString(), 443)), Is.EqualTo((false, false)));
        Assert.That(db.DeniedBy, Is.EqualTo(PolicyType.Egress));
        await listener.DisposeAsync();
        await accepted;

        NetworkPolicyVerdict Evaluate(string from) => _cluster.NetworkPolicies.Evaluate(Peer(from), TrafficPeer.Outside(World), 443);
    }

    private static async Task AcceptAllAsync(IConnectionListener listener)
    {
        while (await listener.AcceptAsync() is { } connection)
            await connection.DisposeAsync();
    }

    private TrafficPeer Peer(string pod) => TrafficPeer.Of(PolicyPod.Read(_cluster.Find("pods", "default", pod)!.Value));

    private async Task<bool> ConnectsAsync(string from, string host, int port)
    {
        try
        {
            await using var stream = await _cluster.DialAsPodAsync("default", from, host, port, CancellationToken.None);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
