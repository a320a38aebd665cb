using System.Net;
using System.Net.Sockets;
using ClusterSim;
using ClusterSim.Json;
using Tests.Cluster.Clusters;
using static Tests.Cluster.Clusters.PayingSystem;

namespace Tests.Cluster;

/// <summary>What only the simulated cluster can show of its network.</summary>
public sealed class SimulatedNetworkTests
{
    [Test]
    public async Task Nothing_outside_reaches_the_providers_pods_by_their_addresses_and_no_pod_slips_past_the_wire()
    {
        await using var system = await SimulatedClusterUnderTest.StartAsync();
        await new PayingSystemAssertions(system).Every_replica_says_that_all_invoices_are_paid_and_the_ledger_holds_each_once();

        foreach (var pod in system.Cluster.List("pods", Payments))
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            var address = IPAddress.Parse(pod.At("status", "podIP").Text()!);
            var refused = Assert.ThrowsAsync<SocketException>(async () => await system.Cluster.DialFromOutsideAsync(address, PaymentProviderPort, limit.Token));
            Assert.That(refused!.SocketErrorCode, Is.EqualTo(SocketError.ConnectionRefused), "rejected by policy");
        }
        var slips = system.Cluster.List("events").Where(told => told.At("reason").Text() == "ConnectionPastTheNetwork");
        Assert.That(slips.Select(slip => slip.At("message").Text()), Is.Empty);
    }
}
