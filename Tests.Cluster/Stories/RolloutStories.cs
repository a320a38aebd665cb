using ClusterSim;
using ClusterSim.Json;

namespace Tests.Cluster.Stories;

/// <summary>What the recorded stories did, in the order in which they were recorded: each goes on from where the one before ended.</summary>
internal sealed class RolloutStories(SimulatedCluster cluster, Kubectl kubectl, string @namespace)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(25);

    /// <summary>The stories: their names in the recording, and what kubectl says when they are told.</summary>
    public IReadOnlyList<(string Name, Func<Task<IReadOnlyList<string>>> Tell)> All =>
    [
        ("deployment created", async () =>
        [
            await ApplyAsync(StoryManifests.Web(3)), await StatusAsync("deployment/web"),
        ]),
        ("rolling update", async () =>
        [
            await ApplyAsync(StoryManifests.Web(3, version: "two")), await StatusAsync("deployment/web"), await kubectl.RunAsync("rollout history deployment/web"),
        ]),
        ("rollback", async () =>
        [
            await kubectl.RunAsync("rollout undo deployment/web"), await StatusAsync("deployment/web"), await kubectl.RunAsync("rollout history deployment/web"),
        ]),
        ("scale", async () =>
        [
            await kubectl.RunAsync("scale deployment/web --replicas=5"), await StatusAsync("deployment/web"), await kubectl.RunAsync("scale deployment/web --replicas=2"),
        ]),
        ("stuck update", async () =>
        [
            await ApplyAsync(StoryManifests.Web(2, status: "503", version: "stuck", deadline: 5)), await StatusAsync("deployment/web"), await kubectl.RunAsync("get deployment web -o jsonpath={.status}"),
        ]),
        ("restart after undo", async () =>
        [
            await kubectl.RunAsync("rollout undo deployment/web"), await StatusAsync("deployment/web"),
            await kubectl.RunAsync("rollout restart deployment/web"), await StatusAsync("deployment/web"),
        ]),
        ("pod deleted", async () =>
        [
            await kubectl.RunAsync("delete pod -l app=web"),
        ]),
        ("eviction and PDB", async () =>
        [
            await ApplyAsync(StoryManifests.Budget), await kubectl.RunAsync("drain node-1 --ignore-daemonsets --delete-emptydir-data --pod-selector=app=web --timeout=6s"),
            await kubectl.RunAsync("uncordon node-1"), await kubectl.RunAsync("delete pdb web"),
        ]),
        ("recreate", async () =>
        [
            await kubectl.RunAsync("patch deployment web -p {\"spec\":{\"strategy\":{\"type\":\"Recreate\",\"rollingUpdate\":null},\"template\":{\"metadata\":{\"labels\":{\"version\":\"recreated\"}}}}}"),
            await StatusAsync("deployment/web"),
        ]),
        ("deployment deleted", async () =>
        [
            await kubectl.RunAsync("delete deployment web"),
        ]),
        ("stateful set created", async () =>
        [
            await ApplyAsync(StoryManifests.Database()), await StatusAsync("statefulset/db"),
        ]),
        ("stateful set updated", async () =>
        [
            await ApplyAsync(StoryManifests.Database("two")), await StatusAsync("statefulset/db"),
        ]),
        ("stateful set scaled down", async () =>
        [
            await kubectl.RunAsync("scale statefulset/db --replicas=1"),
        ]),
        ("stateful set deleted", async () =>
        [
            await kubectl.RunAsync("delete statefulset db"),
        ]),
        ("daemon set", async () =>
        [
            await ApplyAsync(StoryManifests.Agent), await StatusAsync("daemonset/agent"), await kubectl.RunAsync("delete daemonset agent"),
        ]),
        ("job completes", async () =>
        [
            await ApplyAsync(StoryManifests.Job("once", 0, "completions: 3\n  parallelism: 2")), await kubectl.RunAsync("wait --for=condition=Complete job/once --timeout=60s"),
        ]),
        ("job fails", async () =>
        [
            await ApplyAsync(StoryManifests.Job("stuck", 3, "backoffLimit: 1")), await kubectl.RunAsync("wait --for=condition=Failed job/stuck --timeout=60s"),
            await kubectl.RunAsync("get job stuck -o jsonpath={.status}"),
        ]),
        ("claim without a class", async () =>
        [
            await ApplyAsync(StoryManifests.Claim), await DescribedClaimAsync(),
        ]),
        ("autoscaler without metrics", async () =>
        [
            await ApplyAsync(StoryManifests.Web(3)), await kubectl.RunAsync("autoscale deployment web --min=1 --max=5 --cpu-percent=50"),
            await AutoscalerAsync(), await kubectl.RunAsync("delete hpa web"),
        ]),
    ];

    private Task<string> ApplyAsync(string manifest) => kubectl.RunAsync("apply --validate=false -f -", manifest);

    private Task<string> StatusAsync(string workload) => kubectl.RunAsync($"rollout status {workload} --timeout=60s");

    private async Task<string> DescribedClaimAsync()
    {
        await EventAsync("FailedBinding");
        return await kubectl.RunAsync("describe pvc data");
    }

    private async Task<string> AutoscalerAsync()
    {
        await EventAsync("FailedComputeMetricsReplicas");
        return await kubectl.RunAsync("get hpa web");
    }

    // An event that does not come is reported where the events are compared.
    private async Task EventAsync(string reason)
    {
        try
        {
            await cluster.UntilAsync(() => cluster.List("events", @namespace).Any(told => told.At("reason").Text() == reason), Limit);
        }
        catch (TimeoutException late)
        {
            await TestContext.Out.WriteLineAsync($"{reason}: {late.Message}");
        }
    }
}
