using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using ClusterSim.Network;
using ClusterSim.Nodes.Images;
using Processes;

namespace ClusterSim.Tests.Nodes;

/// <summary>A pod without a network never uses the sockets of the machine that runs the simulator.</summary>
public sealed class PodNetworkTests
{
    [Test]
    public async Task A_pod_on_a_node_without_a_pod_network_cannot_listen_dial_or_look_up_names()
    {
        await using var nodes = new TestNodes(hasPodNetwork: false);
        var errors = new ConcurrentDictionary<string, string>();
        nodes.Images.Add("tries:1", new ServiceImage(TryAsync) { KeepsToItsClock = true });

        nodes.Pod("tries", """{"restartPolicy":"Never","containers":[{"name":"main","image":"tries:1"}]}""");
        nodes.Settle();

        Assert.That(errors.Keys, Is.EquivalentTo(new[] { "listen", "dial", "look up", "bridge" }));
        Assert.That(errors.Values, Is.All.EqualTo("pod default/tries has no network: node node-1 has no pod network"));

        async Task<int> TryAsync(ServiceProcess process)
        {
            var endpoint = new IPEndPoint(IPAddress.Loopback, 0);
            await Attempt("listen", async () => await process.Network.Listener!.BindAsync(endpoint, process.Stop));
            await Attempt("dial", async () => await process.Network.DialAsync("127.0.0.1", 1, process.Stop));
            await Attempt("look up", async () => await ((INameLookup)process.Network).LookupAsync("localhost", process.Stop));
            await Attempt("bridge", () => Task.FromResult(process.Network.SocketDirectory("localhost", 5432)));
            return 0;
        }

        async Task Attempt<T>(string what, Func<Task<T>> use)
        {
            try
            {
                await use();
                errors[what] = "succeeded";
            }
            catch (SocketException ex)
            {
                errors[what] = ex.Message;
            }
        }
    }

    [Test]
    public async Task A_pod_on_a_node_without_a_pod_network_has_no_address()
    {
        await using var nodes = new TestNodes(hasPodNetwork: false);

        nodes.Pod("sleeps", """{"containers":[{"name":"main","image":"box:1.0"}]}""");
        nodes.Settle();

        Assert.That(nodes.Status("sleeps").TryGetProperty("podIP", out _), Is.False);
    }

    [Test]
    public async Task Dialing_a_pod_that_has_ended_names_the_pod()
    {
        await using var nodes = new TestNodes();
        nodes.Pod("ends", """{"restartPolicy":"Never","containers":[{"name":"main","image":"box:1.0","args":["exit","0"]}]}""");
        nodes.Settle();

        Assert.That(
            async () => await nodes.Pool.Find("node-1")!.DialAsync(nodes.Find("ends")!, 80, CancellationToken.None),
            Throws.TypeOf<SocketException>().With.Message.EqualTo("pod default/ends has no network: its sandbox on node node-1 is not running"));
    }
}
