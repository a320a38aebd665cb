using ClusterSim;
using ClusterSim.Json;
using ClusterSim.Nodes.Images;
using Tests.Cluster.Clusters;

namespace Tests.Cluster;

/// <summary>Part 1 of the challenge: its own manifests, with its own kind of image and with ours (docs/BUG.md).</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class ChallengeManifestsTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Test]
    public async Task Images_that_run_as_root_end_in_CreateContainerConfigError_with_Kubernetes_message()
    {
        await using var cluster = await StartAsync(_ => new ImageConfiguration());

        await cluster.UntilAsync(() => Waiting(cluster).Count() == 6, Limit);

        foreach (var (pod, uid, reason, message) in Waiting(cluster))
        {
            Assert.Multiple(() =>
            {
                Assert.That(reason, Is.EqualTo("CreateContainerConfigError"));
                Assert.That(message, Is.EqualTo($"container has runAsNonRoot and image will run as root (pod: \"{pod}_default({uid})\", container: main)"));
            });
        }
    }

    [Test]
    public async Task Images_whose_user_is_a_name_end_the_same_way_and_say_so()
    {
        await using var cluster = await StartAsync(_ => new ImageConfiguration { User = "app" });

        await cluster.UntilAsync(() => Waiting(cluster).Count() == 6, Limit);

        Assert.That(Waiting(cluster).Select(waiting => waiting.Message), Is.All.StartsWith("container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root"));
    }

    [Test]
    public async Task With_the_Dockerfiles_numeric_user_all_six_pods_run()
    {
        await using var cluster = await StartAsync(project => Dockerfile.Read(File.ReadAllText(Repository.Path($"{project}/Dockerfile"))));

        await cluster.ReadyAsync(Limit);

        Assert.That(cluster.List("pods", "default"), Has.Count.EqualTo(6));
    }

    private static async Task<SimulatedCluster> StartAsync(Func<string, ImageConfiguration> configuration)
    {
        var cluster = await SimulatedCluster.StartAsync();
        // What runs is beside the point here: whether the kubelet lets it.
        foreach (var (reference, project) in (ReadOnlySpan<(string, string)>)[("invoice-app:latest", "InvoiceApp"), ("payment-provider:latest", "PaymentProvider")])
            cluster.Images.Add(reference, new ServiceImage(static async process => { await Task.Delay(Timeout.InfiniteTimeSpan, process.Clock, process.Stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); return 0; }, configuration(project)));
        await cluster.UntilAsync(() => cluster.Find("serviceaccounts", "default", "default") is not null, Limit);
        cluster.Apply(Repository.Path("k8s/challenge"));
        return cluster;
    }

    private static IEnumerable<(string Pod, string Uid, string? Reason, string? Message)> Waiting(SimulatedCluster cluster) =>
        from pod in cluster.List("pods", "default")
        from status in pod.At("status", "containerStatuses").Items()
        let waiting = status.At("state", "waiting")
        where waiting.At("reason").Text() == "CreateContainerConfigError"
        select (pod.At("metadata", "name").Text("")!, pod.At("metadata", "uid").Text("")!, waiting.At("reason").Text(), waiting.At("message").Text());
}
