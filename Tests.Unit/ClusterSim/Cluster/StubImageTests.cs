using System.Runtime.CompilerServices;
using System.Text;
using ClusterSim;
using ClusterSim.Client;
using ClusterSim.Machinery;
using ClusterSim.Network;
using ClusterSim.Nodes;
using ClusterSim.Nodes.Images;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;
using ClusterSim.Streaming;

namespace ClusterSim.Tests.Cluster;

/// <summary>Somebody's manifests without their images: refused, or examined with stubs in their place.</summary>
public sealed class StubImageTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Test]
    public async Task By_default_an_unknown_image_is_refused_in_the_kubelets_words()
    {
        await using var cluster = await StartAsync(UnknownImages.Refuse);
        cluster.ApplyYaml("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"shop"},"spec":{"containers":[{"name":"main","image":"shop/web:1"}]}}""");

        await cluster.UntilAsync(() => Waiting(cluster, "shop").At("reason").Text() == "ErrImagePull", Limit);
        Assert.That(Waiting(cluster, "shop").At("message").Text(), Is.EqualTo("failed to pull and unpack image \"docker.io/shop/web:1\": not found"));
        await cluster.UntilAsync(() => Waiting(cluster, "shop").At("reason").Text() == "ImagePullBackOff", Limit);
        Assert.That(Waiting(cluster, "shop").At("message").Text(), Does.StartWith("Back-off pulling image \"shop/web:1\": ErrImagePull: "));
    }

    [Test]
    public async Task Stubs_get_ready_whatever_they_are_probed_with_and_say_who_they_are()
    {
        await using var cluster = await StartAsync(UnknownImages.Stub);
        cluster.Apply(Manifests());

        await cluster.ReadyAsync(Limit);
        await cluster.UntilAsync(() => cluster.Find("jobs", "default", "migrate")!.Value.At("status", "succeeded").Integer() == 1, Limit);

        var pod = cluster.List("pods", "default", "tier=frontend")[0].At("metadata", "name").Text()!;
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectCallback = async (_, stop) => await cluster.DialAsPodAsync("default", pod, "redis-leader", 6379, stop) });
        var leader = cluster.List("pods", "default", "role=leader")[0].At("metadata", "name").Text()!;
        Assert.That(await http.GetStringAsync("http://redis-leader:6379/any/path"), Is.EqualTo($"stub of docker.io/library/redis:6.0.5: container leader of pod {leader}, port 6379\n"));
        Assert.That(await cluster.LogAsync("default", leader), Is.EqualTo("stub of docker.io/library/redis:6.0.5: nobody published that image here, its command is not run; listening on 6379\n"));
    }

    [Test]
    public async Task A_stub_has_the_tools_to_look_around_and_listens_nowhere_else()
    {
        await using var cluster = await StartAsync(UnknownImages.Stub);
        cluster.Apply(Manifests());
        await cluster.ReadyAsync(Limit);
        var pod = cluster.List("pods", "default", "tier=frontend")[0].At("metadata", "name").Text()!;

        var (code, output) = await ExecAsync(cluster, pod, "wget", "-q", "-O-", "http://redis-leader:6379/");
        var (missing, _) = await ExecAsync(cluster, pod, "nc", "-z", "-w", "2", "redis-leader", "6380");

        Assert.That(code, Is.Zero);
        Assert.That(output, Does.StartWith("stub of docker.io/library/redis:6.0.5"));
        Assert.That(missing, Is.Not.Zero);
    }

    [Test]
    public async Task Policies_hold_for_stubs_as_for_anybody()
    {
        await using var cluster = await StartAsync(UnknownImages.Stub);
        cluster.Apply(Manifests());
        cluster.ApplyYaml("""
            apiVersion: networking.k8s.io/v1
            kind: NetworkPolicy
            metadata: { name: redis-from-frontend }
            spec:
              podSelector: { matchLabels: { app: redis } }
              ingress: [{ from: [{ podSelector: { matchLabels: { tier: frontend } } }] }]
            """);
        await cluster.ReadyAsync(Limit);
        var checkout = cluster.List("pods", "default", "app=checkoutservice")[0].At("metadata", "name").Text()!;
        var frontend = cluster.List("pods", "default", "tier=frontend")[0].At("metadata", "name").Text()!;

        await (await cluster.DialAsPodAsync("default", frontend, "redis-leader", 6379, CancellationToken.None)).DisposeAsync();
        Assert.ThrowsAsync<System.Net.Sockets.SocketException>(async () => await cluster.DialAsPodAsync("default", checkout, "redis-leader", 6379, CancellationToken.None));
    }

    [Test]
    public async Task An_image_that_comes_to_be_takes_the_stubs_place_in_the_next_pod()
    {
        await using var cluster = await StartAsync(UnknownImages.Stub);
        cluster.ApplyYaml("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"first"},"spec":{"containers":[{"name":"main","image":"shop/web:1"}]}}""");
        await cluster.UntilAsync(() => Running(cluster, "first"), Limit);
        cluster.Images.Unknown = UnknownImages.Refuse;
        cluster.ApplyYaml("""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"second"},"spec":{"containers":[{"name":"main","image":"shop/web:1"}]}}""");

        await cluster.UntilAsync(() => Waiting(cluster, "second").At("reason").Text() == "ErrImagePull", Limit);
        Assert.That(Running(cluster, "first"), "what runs goes on");
    }

    private static async Task<SimulatedCluster> StartAsync(UnknownImages unknown)
    {
        var cluster = await SimulatedCluster.StartAsync(new SimulatedClusterOptions { UnknownImages = unknown, Network = new NetworkOptions { Denied = DeniedTraffic.Reject } });
        await cluster.UntilAsync(() => cluster.Find("serviceaccounts", "default", "default") is not null, Limit);
        return cluster;
    }

    private static async Task<(int ExitCode, string Output)> ExecAsync(SimulatedCluster cluster, string pod, params string[] command)
    {
        var document = cluster.Admin.Find(cluster.Server.Catalog.Require("pods"), new("default", pod))!;
        using var output = new MemoryStream();
        var code = await cluster.Nodes.Find(document.NodeName!)!.ExecAsync(document, document.Spec.At("containers").Items().First().At("name").Text("")!, command, new ContainerStreams(Stream.Null, output, output, IsTerminal: false), CancellationToken.None);
        return (code, Encoding.UTF8.GetString(output.ToArray()));
    }

    private static System.Text.Json.JsonElement Waiting(SimulatedCluster cluster, string pod) =>
        cluster.Find("pods", "default", pod)!.Value.At("status", "containerStatuses").Items().FirstOrDefault().At("state", "waiting");

    private static bool Running(SimulatedCluster cluster, string pod) => cluster.Find("pods", "default", pod)!.Value.At("status", "phase").Text() == "Running";

    private static string Manifests([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "stubs");
}
