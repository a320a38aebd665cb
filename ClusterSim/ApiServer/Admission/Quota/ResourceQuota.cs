using System.Text.Json;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Admission.Quota;

/// <summary>
/// Refuses what would exceed a namespace's quota (<c>k8s.io/apiserver/pkg/admission/plugin/resourcequota</c>). Kubernetes reserves in the
/// quota's status; here what is used is counted at the moment of the write, under the lock that orders creations, so that two writers
/// cannot both take the last place and a status that lags harms nobody.
/// </summary>
internal sealed class ResourceQuota(VersionedStore store) : AdmissionPlugin
{
    private static readonly GroupResource ResourceQuotas = new("", "resourcequotas");
    private static readonly string[] ComputeResources = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];

    private readonly QuotaUsage _usage = new(store);

    /// <inheritdoc/>
    public override bool Allocates(AdmissionRequest request) =>
        request.Target.Resource.Namespaced && store.Current(ResourceQuotas).CountIn(request.Target.Namespace!) > 0;

    /// <inheritdoc/>
    public override void Allocate(AdmissionRequest request)
    {
        var target = request.Target;
        if (request.Object is null || !target.Resource.Namespaced || target.Subresource is not (null or "resize") || request.Operation is not (Create or Update))
            return;
        var quotas = store.Current(ResourceQuotas);
        if (quotas.CountIn(target.Namespace!) == 0)
            return;
        JsonElement? view = null;
        foreach (var quota in quotas.All(target.Namespace))
            if (quota.Spec.At("hard").Fields().Any(field => QuotaUsage.CountedIn(field.Name) == target.Resource.GroupResource))
                Check(request, quota, view ??= request.Object.ToElement());
    }

    private void Check(AdmissionRequest request, Document quota, JsonElement @object)
    {
        var resource = request.Target.Resource.GroupResource;
        if (!QuotaUsage.Counts(quota, resource, @object))
            return;
        var hard = PodResources.Read(quota.Spec.At("hard"));
        if (request.Operation == Create && resource == Pods && Missing(hard, @object.At("spec")) is { } missing)
            throw Forbidden(request, $"failed quota: {quota.Name}: must specify {missing}");

        var usage = QuotaUsage.Of(resource, @object);
        var before = request.Operation == Update && QuotaUsage.Counts(quota, resource, request.Old) ? QuotaUsage.Of(resource, request.Old) : [];
        var requested = new SortedDictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var (name, quantity) in usage)
            if (hard.ContainsKey(name) && quantity - before.GetValueOrDefault(name) is { Sign: > 0 } more)
                requested[name] = more;
        if (requested.Count == 0)
            return;
        var used = _usage.Used(quota, resource);
        var exceeded = requested.Where(one => used.GetValueOrDefault(one.Key) + one.Value > hard[one.Key]).Select(one => one.Key).ToList();
        if (exceeded.Count > 0)
            throw Forbidden(request,
                $"exceeded quota: {quota.Name}, requested: {Told(exceeded, requested)}, used: {Told(exceeded, used)}, limited: {Told(exceeded, hard)}");
    }

    // Where a quota limits cpu or memory, every container has to say how much.
    private static string? Missing(Dictionary<string, Quantity> hard, JsonElement spec)
    {
        var missing = new List<string>();
        foreach (var name in ComputeResources.Where(hard.ContainsKey).Order(StringComparer.Ordinal))
        {
            var (which, what) = name.Split('.') is [var kind, var of] ? (kind, of) : ("requests", name);
            var silent = spec.VisitContainers(ContainerType.WorkloadContainers)
                .Where(container => !container.At("resources", which, what).Exists())
                .Select(container => container.At("name").Text("")).Order(StringComparer.Ordinal).ToList();
            if (silent.Count > 0)
                missing.Add($"{name} for: {string.Join(",", silent)}");
        }
        return missing.Count == 0 ? null : string.Join("; ", missing);
    }

    private static string Told(IEnumerable<string> names, IReadOnlyDictionary<string, Quantity> quantities) =>
        string.Join(",", names.Select(name => $"{name}={quantities.GetValueOrDefault(name)}"));
}
