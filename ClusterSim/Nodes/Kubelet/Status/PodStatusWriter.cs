using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Nodes.Pods;
using ClusterSim.Storage;

namespace ClusterSim.Nodes.Status;

/// <summary>Writes the status of one pod through the API's status subresource, as the node (<c>syncPod</c> of the kubelet's status manager).</summary>
internal sealed class PodStatusWriter(NodeContext node, AssignedPod pod)
{
    private long _writtenRevision;

    /// <summary>Writes a status, unless it is the one that the pod has or the pod is gone.</summary>
    /// <param name="generate">Makes the new status from the present one.</param>
    public void Write(Func<JsonElement, JsonObject> generate)
    {
        var written = node.Client.Change(
            node.Pods, pod.Key,
            live =>
            {
                if ((live["metadata"] as JsonObject).Text("uid") != pod.Uid)
                    return false;
                var before = live["status"]?.ToElement() ?? default;
                var after = generate(before);
                if (before.IsSameAs(after.ToElement()))
                    return false;
                live["status"] = after;
                return true;
            },
            "status");
        if (written is not null)
            Interlocked.Exchange(ref _writtenRevision, written.Revision);
    }

    /// <summary>Returns whether a version of the pod is the one that was written here last.</summary>
    public bool IsLastWritten(Document version) => version.Revision == Interlocked.Read(ref _writtenRevision);
}
