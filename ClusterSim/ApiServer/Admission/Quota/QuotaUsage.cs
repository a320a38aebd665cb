using System.Runtime.CompilerServices;
using System.Text.Json;
using ClusterSim.Storage;

namespace ClusterSim.Admission.Quota;

/// <summary>
/// What objects count against quotas (<c>pkg/quota/v1/evaluator</c>). What is used is read off the store's snapshot, so it is never behind;
/// each stored object's share is worked out once.
/// </summary>
internal sealed class QuotaUsage(VersionedStore store)
{
    private static readonly GroupResource Pods = new("", "pods");
    private static readonly GroupResource Services = new("", "services");
    private static readonly GroupResource Claims = new("", "persistentvolumeclaims");

    private readonly ConditionalWeakTable<Document, Dictionary<string, Quantity>> _known = [];

    /// <summary>The resource whose objects count against a name in <c>spec.hard</c>.</summary>
    public static GroupResource CountedIn(string name)
    {
        if (name.StartsWith("count/", StringComparison.Ordinal))
        {
            var counted = name[6..];
            var dot = counted.IndexOf('.', StringComparison.Ordinal);
            return dot < 0 ? new("", counted) : new(counted[(dot + 1)..], counted[..dot]);
        }
        return name switch
        {
            "services" or "services.loadbalancers" or "services.nodeports" => Services,
            "persistentvolumeclaims" or "requests.storage" => Claims,
            "configmaps" or "secrets" or "replicationcontrollers" or "resourcequotas" => new("", name),
            _ when name.Contains(".storageclass.storage.k8s.io/", StringComparison.Ordinal) => Claims,
            _ => Pods,
        };
    }

    /// <summary>What one object counts.</summary>
    public static Dictionary<string, Quantity> Of(GroupResource resource, JsonElement @object)
    {
        var usage = new Dictionary<string, Quantity>(StringComparer.Ordinal) { [$"count/{resource}"] = Quantity.Of(1) };
        if (resource == Pods)
            OfPod(@object, usage);
        else if (resource == Services)
            OfService(@object.At("spec"), usage);
        else if (resource == Claims)
            OfClaim(@object, usage);
        else if (resource.Group.Length == 0)
            usage[resource.Resource] = Quantity.Of(1);
        return usage;
    }

    /// <summary>What all objects of a namespace count against a quota, for each name in <c>spec.hard</c>: <c>status.used</c>.</summary>
    /// <param name="quota">The quota.</param>
    /// <param name="only">Only names counted in this resource; null for all.</param>
    public Dictionary<string, Quantity> Used(Document quota, GroupResource? only = null)
    {
        var used = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var names in quota.Spec.At("hard").Fields().Select(field => field.Name).GroupBy(CountedIn))
        {
            if (only is { } wanted && names.Key != wanted)
                continue;
            var counted = names.ToArray();
            var totals = new Quantity[counted.Length];
            foreach (var document in store.Current(names.Key).All(quota.Namespace))
            {
                if (!Counts(quota, names.Key, document.Root))
                    continue;
                var share = _known.GetValue(document, static one => Of(one.Resource, one.Root));
                for (var i = 0; i < counted.Length; i++)
                    if (share.TryGetValue(counted[i], out var quantity))
                        totals[i] += quantity;
            }
            for (var i = 0; i < counted.Length; i++)
                used[counted[i]] = totals[i];
        }
        return used;
    }

    /// <summary>Whether the quota is for this object.</summary>
    public static bool Counts(Document quota, GroupResource resource, JsonElement @object) =>
        !QuotaScopes.Has(quota.Spec) || (resource == Pods && QuotaScopes.Match(quota.Spec, @object));

    private static void OfPod(JsonElement pod, Dictionary<string, Quantity> usage)
    {
        // Ended pods hold nothing any more; they still are objects.
        if (pod.At("status", "phase").Text() is "Succeeded" or "Failed")
            return;
        usage["pods"] = Quantity.Of(1);
        foreach (var (name, quantity) in PodResources.Requests(pod.At("spec")))
        {
            usage[$"requests.{name}"] = quantity;
            if (name is "cpu" or "memory" or "ephemeral-storage" || name.StartsWith("hugepages-", StringComparison.Ordinal))
                usage[name] = quantity;
        }
        foreach (var (name, quantity) in PodResources.Limits(pod.At("spec")))
            usage[$"limits.{name}"] = quantity;
    }

    private static void OfService(JsonElement spec, Dictionary<string, Quantity> usage)
    {
        usage["services"] = Quantity.Of(1);
        var type = spec.At("type").Text();
        if (type == "LoadBalancer")
            usage["services.loadbalancers"] = Quantity.Of(1);
        if (type == "NodePort" || (type == "LoadBalancer" && spec.At("allocateLoadBalancerNodePorts").Flag(true)))
            usage["services.nodeports"] = Quantity.Of(spec.At("ports").Count());
        else if (type == "LoadBalancer")
            usage["services.nodeports"] = Quantity.Of(spec.At("ports").Items().Count(port => port.At("nodePort").Integer() > 0));
    }

    private static void OfClaim(JsonElement claim, Dictionary<string, Quantity> usage)
    {
        usage["persistentvolumeclaims"] = Quantity.Of(1);
        var @class = claim.At("spec", "storageClassName").Text() ?? claim.At("metadata", "annotations", "volume.beta.kubernetes.io/storage-class").Text("");
        if (@class.Length > 0)
            usage[$"{@class}.storageclass.storage.k8s.io/persistentvolumeclaims"] = Quantity.Of(1);
        if (!PodResources.Read(claim.At("spec", "resources", "requests")).TryGetValue("storage", out var storage))
            return;
        usage["requests.storage"] = storage;
        if (@class.Length > 0)
            usage[$"{@class}.storageclass.storage.k8s.io/requests.storage"] = storage;
    }
}
