using System.Diagnostics;
using System.Text.Json;
using ClusterSim.Json;
using Harness.Kube;

namespace Harness.Commands;

/// <summary>Waits until workloads are as they were asked to be, and tells how far they are.</summary>
internal static class Rollout
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Waits for every Deployment and StatefulSet of the namespaces to be complete: all replicas of the newest revision, all of them available.
    /// </summary>
    /// <returns>What is not complete when time is over; nothing when all is.</returns>
    public static async Task<IReadOnlyList<string>> WaitAsync(
        KubeClient client, IReadOnlyCollection<string> namespaces, TimeSpan limit, Action<string> tell, TimeProvider clock, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        var told = "";
        while (true)
        {
            var left = await UnfinishedAsync(client, namespaces, cancellation);
            if (left.Count == 0)
                return [];
            var now = string.Join(", ", left);
            if (now != told)
                tell($"waiting for {now}");
            told = now;
            if (Stopwatch.GetElapsedTime(began) > limit)
                return left;
            await Task.Delay(Poll, clock, cancellation);
        }
    }

    private static async Task<IReadOnlyList<string>> UnfinishedAsync(KubeClient client, IReadOnlyCollection<string> namespaces, CancellationToken cancellation)
    {
        var left = new List<string>();
        foreach (var kind in (string[])["statefulsets", "deployments"])
        {
            var resource = client.Resource(kind);
            foreach (var workload in await client.ListAsync(resource, null, cancellation: cancellation))
            {
                var metadata = workload.At("metadata");
                var @namespace = metadata.At("namespace").Text("");
                if (!namespaces.Contains(@namespace))
                    continue;
                var wanted = workload.At("spec", "replicas").Integer(1);
                var ready = Ready(workload, wanted, kind == "deployments");
                if (ready < wanted)
                    left.Add($"{@namespace}/{metadata.At("name").Text("")} {Math.Max(ready, 0)}/{wanted}");
            }
        }
        return left;
    }

    /// <summary>How many replicas are of the newest revision and available; −1 where the controller has not seen the newest spec yet.</summary>
    private static int Ready(JsonElement workload, int wanted, bool isDeployment)
    {
        var status = workload.At("status");
        if (status.At("observedGeneration").Integer(0) < workload.At("metadata", "generation").Integer(0))
            return -1;
        var updated = status.At("updatedReplicas").Integer(0);
        var available = status.At(isDeployment ? "availableReplicas" : "readyReplicas").Integer(0);
        // Old pods that still run mean that the rollout is not over, though enough are available.
        var surplus = isDeployment ? status.At("replicas").Integer(0) - wanted : 0;
        return Math.Min(updated, surplus > 0 ? Math.Min(available, wanted - 1) : available);
    }
}
