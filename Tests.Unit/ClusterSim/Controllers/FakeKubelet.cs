using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Machinery;
using ClusterSim.Objects;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Tests.Controllers;

/// <summary>
/// Stands for all nodes: a bound pod runs and is Ready (unless its image is "never-ready", or "exit N", which ends at once); a terminating
/// pod is gone at once, or after its grace period.
/// </summary>
internal sealed class FakeKubelet : Controller
{
    private readonly ResourceType _pods;
    private readonly ConcurrentDictionary<string, string> _addresses = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _ends = new();
    private int _nextAddress;

    public FakeKubelet(ControllerContext context)
        : base(context)
    {
        _pods = Client.Resource("pods");
        ForEach(_pods);
    }

    /// <summary>Pods that are dead from now on: the node does nothing for them.</summary>
    public ConcurrentDictionary<string, bool> StoppedNodes { get; } = new();

    /// <summary>How long a pod takes to be Ready.</summary>
    public TimeSpan ReadyAfter { get; set; }

    /// <summary>How long a terminating pod takes to go.</summary>
    public TimeSpan EndsAfter { get; set; }

    /// <summary>With what code a pod ends, where that is not its image's to say; null: by its image.</summary>
    public Func<Document, int?> Exit { get; set; } = static _ => null;

    protected override TimeSpan? Reconcile(ObjectKey key)
    {
        if (Current(_pods).Find(key) is not { NodeName: { } node } pod || StoppedNodes.ContainsKey(node))
            return null;
        if (pod.IsDeleting)
        {
            var due = _ends.GetOrAdd(pod.Uid, _ => Now + EndsAfter);
            if (due > Now)
                return due - Now;
            Client.Delete(_pods, key, new DeleteOptions { GracePeriodSeconds = 0, PreconditionUid = pod.Uid });
            return null;
        }
        if (pod.IsEnded())
            return null;
        var image = pod.Spec.At("containers").Items().First().At("image").Text("");
        if ((Exit(pod) ?? (image.StartsWith("exit ", StringComparison.Ordinal) ? int.Parse(image[5..]) : (int?)null)) is { } code)
        {
            End(pod, code);
            return null;
        }
        var readyAt = pod.Created() + ReadyAfter;
        var ready = image != "never-ready" && readyAt <= Now;
        Client.Change(_pods, key, @object =>
        {
            var status = @object.Ensure("status");
            var before = status.DeepClone();
            status["phase"] = "Running";
            var address = _addresses.GetOrAdd(pod.Uid, _ => Interlocked.Increment(ref _nextAddress) is var n ? $"10.42.{n >> 8 & 255}.{n & 255}" : "");
            status["podIP"] = address;
            status["podIPs"] = new JsonArray(Object(("ip", address)));
            status.Default("startTime", Now.Stamp());
            Conditions.Set(status, "Ready", ready ? "True" : "False", ready ? null : "ContainersNotReady", null, Now);
            return !JsonNode.DeepEquals(before, status);
        }, "status");
        return !ready && image != "never-ready" ? readyAt - Now : null;
    }

    private void End(Document pod, int code) => Client.Change(_pods, pod.Key, @object =>
    {
        var status = @object.Ensure("status");
        status["phase"] = code == 0 ? "Succeeded" : "Failed";
        status["containerStatuses"] = new JsonArray(Object(
            ("name", pod.Spec.At("containers").Items().First().At("name").Text()),
            ("ready", false), ("restartCount", 0), ("image", ""), ("imageID", ""),
            ("state", Object(("terminated", Object(("exitCode", code), ("reason", code == 0 ? "Completed" : "Error"), ("finishedAt", Now.Stamp())))))));
        Conditions.Set(status, "Ready", "False", "PodCompleted", null, Now);
        return true;
    }, "status");
}
