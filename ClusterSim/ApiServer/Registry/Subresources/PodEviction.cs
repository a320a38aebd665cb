using System.Text.Json.Nodes;
using ClusterSim.Access;
using ClusterSim.Objects;
using ClusterSim.Requests;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Registry.Subresources;

/// <summary>
/// <c>pods/eviction</c>: deletes a pod if its disruption budget allows (<c>pkg/registry/core/pod/storage/eviction.go</c>). Pods that are pending,
/// ended or ending pass; unhealthy ones as the budget's policy says. The budget is charged before the pod is deleted.
/// </summary>
internal sealed class PodEviction(ApiServer server) : ISubresource
{
    private const string Refusal = "Cannot evict pod as it would violate the pod's disruption budget.";

    // EvictionsRetry.Steps.
    private const int RetrySteps = 20;

    /// <inheritdoc/>
    public WriteResult Create(in RequestTarget target, JsonObject body, WriteOptions options)
    {
        var name = (body["metadata"] as JsonObject).Text("name");
        if (!string.IsNullOrEmpty(name) && name != target.Name)
            throw KubernetesApiException.BadRequest($"name in URL does not match name in Eviction object");
        var wished = body["deleteOptions"] is JsonObject said ? ReadOptions(said) : DeleteOptions.None;
        var podTarget = target with { Subresource = null };
        return Retry.OnError(RetrySteps, IsRetriable, () => Evict(podTarget, wished with { DryRun = options.DryRun || wished.DryRun }));

        // A pod's version that the caller names stays what it is.
        bool IsRetriable(Exception ex) => ex is KubernetesApiException { Reason: "Conflict" } conflict
            && (wished.PreconditionResourceVersion is null || conflict.Details.Text("kind") == "poddisruptionbudgets");
    }

    private WriteResult Evict(in RequestTarget target, DeleteOptions options)
    {
        var pod = server.Require(target);
        var precondition = options;
        if (!CanIgnoreBudget(pod) && BudgetOf(pod) is { } budget)
        {
            var unhealthyPasses = !pod.IsReady()
                && (budget.Spec.At("unhealthyPodEvictionPolicy").Text() == "AlwaysAllow"
                    || budget.Status.At("currentHealthy").Integer(0) >= budget.Status.At("desiredHealthy").Integer(0));
            // Only if it is still the unhealthy pod that was judged.
            if (unhealthyPasses)
                precondition = options with { PreconditionUid = options.PreconditionUid ?? pod.Uid, PreconditionResourceVersion = options.PreconditionResourceVersion ?? pod.Metadata.At("resourceVersion").Text() };
            else
                Charge(budget, pod, options.DryRun);
        }
        if (!options.DryRun)
            NoteDisruption(pod);
        if (precondition.PreconditionResourceVersion is not null && server.Store.Find(pod.Resource, pod.Key) is { } noted)
            precondition = precondition with { PreconditionResourceVersion = options.PreconditionResourceVersion ?? noted.Metadata.At("resourceVersion").Text() };
        server.Delete(target with { User = UserInfo.ApiServer }, precondition);
        return new WriteResult(pod, 201, []) { Answer = Object(("kind", "Status"), ("apiVersion", "v1"), ("metadata", new JsonObject()), ("status", "Success"), ("code", 201)) };
    }

    private static bool CanIgnoreBudget(Document pod) => pod.IsEnded() || pod.IsDeleting || pod.Phase() is "Pending" or "";

    private Document? BudgetOf(Document pod)
    {
        if (pod.Labels.Count == 0)
            return null;
        var budgets = server.Store.Current(new("policy", "poddisruptionbudgets")).All(pod.Namespace)
            .Where(budget => LabelSelector.FromObject(budget.Spec.At("selector")).Matches(pod.Labels)).ToList();
        return budgets.Count switch
        {
            0 => null,
            1 => budgets[0],
            _ => throw KubernetesApiException.InternalError("This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."),
        };
    }

    /// <summary>Takes one disruption from the budget (<c>checkAndDecrement</c>).</summary>
    private void Charge(Document budget, Document pod, bool dryRun)
    {
        if ((budget.Status.At("observedGeneration").Integer() ?? 0) < budget.Generation())
            throw KubernetesApiException.TooManyRequests(Refusal, 10, Causes($"The disruption budget {budget.Name} is still being processed by the server."));
        var allowed = budget.Status.At("disruptionsAllowed").Integer(0);
        if (allowed < 0)
            throw KubernetesApiException.Forbidden(budget.Resource, budget.Name, "pdb disruptions allowed is negative");
        if (budget.Status.At("disruptedPods").Count() > 2000)
            throw KubernetesApiException.Forbidden(budget.Resource, budget.Name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller");
        if (allowed == 0)
            throw KubernetesApiException.TooManyRequests(
                Refusal, 0,
                Causes($"The disruption budget {budget.Name} needs {budget.Status.At("desiredHealthy").Integer(0)} healthy pods and has {budget.Status.At("currentHealthy").Integer(0)} currently"));
        if (dryRun)
            return;
        var @object = budget.ToObject();
        var status = @object.Ensure("status");
        status["disruptionsAllowed"] = allowed - 1;
        if (allowed == 1)
        {
            var now = server.Clock.GetUtcNow();
            Conditions.Set(status, "DisruptionAllowed", "False", "InsufficientPods", "", now, ("observedGeneration", status.Integer("observedGeneration")));
        }
        status.Ensure("disruptedPods")[pod.Name] = server.Clock.GetUtcNow().Stamp();
        Store(budget, @object);
    }

    private void NoteDisruption(Document pod)
    {
        var @object = pod.ToObject();
        Conditions.Set(@object.Ensure("status"), "DisruptionTarget", "True", "EvictionByEvictionAPI", "Eviction API: evicting", server.Clock.GetUtcNow());
        Store(pod, @object);
    }

    private void Store(Document seen, JsonObject @object)
    {
        try
        {
            server.Store.Update(seen, @object);
        }
        catch (StoreConflictException)
        {
            throw KubernetesApiException.Modified(seen.Resource, seen.Name);
        }
    }

    private static JsonObject Causes(string message) => Object(("causes", new JsonArray(Object(("reason", "DisruptionBudget"), ("message", message)))));

    private static DeleteOptions ReadOptions(JsonObject said) => new()
    {
        GracePeriodSeconds = said.Integer("gracePeriodSeconds"),
        PropagationPolicy = said.Text("propagationPolicy"),
        PreconditionUid = (said["preconditions"] as JsonObject).Text("uid"),
        PreconditionResourceVersion = (said["preconditions"] as JsonObject).Text("resourceVersion"),
        DryRun = said["dryRun"] is JsonArray { Count: > 0 },
    };
}
