using System.Text.Json;
using ClusterSim.Client;
using ClusterSim.Objects;
using ClusterSim.Registry;
using ClusterSim.Schema;
using ClusterSim.Storage;
using ClusterSim.Tables;

namespace ClusterSim;

public sealed partial class SimulatedCluster
{
    /// <summary>Waits until <paramref name="condition"/> holds; it is asked again after every change of the cluster's objects, not on a timer.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="limit">How long to wait at most, in real time.</param>
    /// <param name="cancellation">Gives up earlier.</param>
    /// <exception cref="TimeoutException">It did not come to hold.</exception>
    public async Task UntilAsync(Func<bool> condition, TimeSpan limit, CancellationToken cancellation = default)
    {
        using var over = new CancellationTokenSource(limit, TimeProvider.System);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellation);
        try
        {
            while (true)
            {
                var revision = Server.Store.Revision;
                if (condition())
                    return;
                await Server.Store.ChangedAsync(revision).WaitAsync(stop.Token);
            }
        }
        catch (OperationCanceledException late) when (over.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"the condition did not come to hold within {limit.TotalSeconds:0.#} s", late);
        }
    }

    /// <summary>
    /// Waits until every Deployment, StatefulSet and DaemonSet of a namespace (of all where none is named) has all its replicas, of its newest
    /// revision, available, and every pod that no controller made is Ready or has succeeded.
    /// </summary>
    /// <exception cref="TimeoutException">They did not become so; the message names those that lack, their pods' states and the warnings told of them.</exception>
    public async Task ReadyAsync(TimeSpan limit, string? @namespace = null, CancellationToken cancellation = default)
    {
        try
        {
            await UntilAsync(() => Unfinished(@namespace).Count == 0, limit, cancellation);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"not ready within {limit.TotalSeconds:0.#} s: {Explain(@namespace)}", late);
        }
    }

    private IReadOnlyList<(string Resource, string Name, string State)> Unfinished(string? @namespace)
    {
        var left = new List<(string, string, string)>();
        foreach (var (resource, ready) in (ReadOnlySpan<(string, string)>)[("deployments", "availableReplicas"), ("statefulsets", "readyReplicas")])
            foreach (var workload in List(resource, @namespace))
            {
                var wanted = workload.At("spec", "replicas").Integer(1);
                var status = workload.At("status");
                var has = Math.Min(status.At("updatedReplicas").Integer(0), status.At(ready).Integer(0));
                if (IsStale(workload) || has < wanted || status.At("replicas").Integer(0) != wanted)
                    left.Add((resource, NameOf(workload), $"{has}/{wanted}"));
            }
        foreach (var set in List("daemonsets", @namespace))
        {
            var status = set.At("status");
            if (IsStale(set) || status.At("updatedNumberScheduled").Integer(0) < status.At("desiredNumberScheduled").Integer(0)
                || status.At("numberAvailable").Integer(0) < status.At("desiredNumberScheduled").Integer(0))
                left.Add(("daemonsets", NameOf(set), $"{status.At("numberAvailable").Integer(0)}/{status.At("desiredNumberScheduled").Integer(0)}"));
        }
        foreach (var pod in Pods(@namespace).Where(pod => !pod.IsDeleting && OwnerReferences.ControllerOf(pod) is null))
            if (!pod.IsReady() && pod.Phase() != "Succeeded")
                left.Add(("pods", NameOf(pod.Root), $"{pod.Status.At("containerStatuses").Items().Count(container => container.At("ready").Flag(false))}/{pod.Spec.At("containers").Count()}"));
        return left;
    }

    private IEnumerable<Document> Pods(string? @namespace) => Admin.List(Server.Catalog.Require("pods"), @namespace);

    private string Explain(string? @namespace)
    {
        var lines = Unfinished(@namespace).Select(left => $"{left.Resource} {left.Name} {left.State}").ToList();
        foreach (var pod in Pods(@namespace).Where(pod => !pod.IsReady()))
        {
            var row = PodRow.Print(pod.Root, _options.Clock.GetUtcNow());
            lines.Add($"pod {NameOf(pod.Root)} {row[1]} {row[2]}");
        }
        foreach (var told in List("events", @namespace).Where(told => told.At("type").Text() == "Warning").TakeLast(10))
            lines.Add($"{told.At("involvedObject", "kind").Text()} {told.At("involvedObject", "name").Text()}: {told.At("reason").Text()}: {told.At("message").Text()}");
        return string.Join("; ", lines);
    }

    private static bool IsStale(JsonElement workload) =>
        workload.At("status", "observedGeneration").Integer(0) < workload.At("metadata", "generation").Integer(0);

    private static string NameOf(JsonElement @object) => $"{@object.At("metadata", "namespace").Text()}/{@object.At("metadata", "name").Text()}";
}
