using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim.Controllers;

/// <summary>Creates and deletes a controller's pods and tells of it on the owner (<c>RealPodControl</c>).</summary>
internal sealed class PodControl(ControllerContext context)
{
    // SlowStartInitialBatchSize: batches double, so that a quota that refuses one pod is not asked a thousand times.
    private const int SlowStartInitialBatchSize = 1;

    private readonly ResourceType _pods = context.Client.Resource("pods");

    /// <summary>Creates a pod.</summary>
    /// <exception cref="KubernetesApiException">Refused; the owner has an event that says why.</exception>
    public Document Create(Document owner, JsonObject pod)
    {
        try
        {
            var made = context.Client.Create(_pods, pod);
            context.Events.Normal(owner, "SuccessfulCreate", $"Created pod: {made.Name}");
            return made;
        }
        catch (KubernetesApiException refused)
        {
            if (!IsNamespaceTerminating(refused))
                context.Events.Warning(owner, "FailedCreate", $"Error creating: {refused.Message}");
            throw;
        }
    }

    /// <summary>Creates so many pods, in growing batches; stops after a batch with a refusal. Returns the refusal, if any.</summary>
    public KubernetesApiException? CreateSlowStart(Document owner, int count, Func<JsonObject> pod)
    {
        var left = count;
        for (var batch = Math.Min(left, SlowStartInitialBatchSize); batch > 0; batch = Math.Min(2 * batch, left))
        {
            KubernetesApiException? refused = null;
            for (var i = 0; i < batch; i++)
            {
                try
                {
                    Create(owner, pod());
                }
                catch (KubernetesApiException refusal)
                {
                    refused = refusal;
                }
            }
            if (refused is not null)
                return IsNamespaceTerminating(refused) ? null : refused;
            left -= batch;
        }
        return null;
    }

    /// <summary>Deletes a pod, if it is still the one seen.</summary>
    public void Delete(Document owner, Document pod)
    {
        try
        {
            context.Client.Delete(_pods, pod.Key, new DeleteOptions { PreconditionUid = pod.Uid });
            context.Events.Normal(owner, "SuccessfulDelete", $"Deleted pod: {pod.Name}");
        }
        catch (KubernetesApiException refused) when (refused.Code != 409)
        {
            context.Events.Warning(owner, "FailedDelete", $"Error deleting: {refused.Message}");
            throw;
        }
    }

    /// <summary>Whether a creation was refused because the namespace is ending.</summary>
    public static bool IsNamespaceTerminating(KubernetesApiException refused) =>
        refused.Code == 404 || (refused.Code == 403 && refused.Message.Contains("because it is being terminated", StringComparison.Ordinal));
}
