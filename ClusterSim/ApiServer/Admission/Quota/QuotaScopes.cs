using System.Text.Json;
using ClusterSim.Objects;

namespace ClusterSim.Admission.Quota;

/// <summary>Which pods a ResourceQuota counts: its scopes and its scope selector (<c>pkg/quota/v1/evaluator/core/pods.go</c>).</summary>
internal static class QuotaScopes
{
    /// <summary>Whether the quota is for some objects only, which can but be pods (or claims, by a class the simulator does not know).</summary>
    public static bool Has(JsonElement spec) => spec.At("scopes").Count() > 0 || spec.At("scopeSelector", "matchExpressions").Count() > 0;

    /// <summary>Whether it counts this pod.</summary>
    public static bool Match(JsonElement quota, JsonElement pod)
    {
        foreach (var scope in quota.At("scopes").Items())
            if (!Holds(scope.Text(""), "Exists", default, pod))
                return false;
        foreach (var term in quota.At("scopeSelector", "matchExpressions").Items())
            if (!Holds(term.At("scopeName").Text(""), term.At("operator").Text(""), term.At("values"), pod))
                return false;
        return true;
    }

    private static bool Holds(string scope, string @operator, JsonElement values, JsonElement pod)
    {
        var spec = pod.At("spec");
        return scope switch
        {
            "Terminating" => spec.At("activeDeadlineSeconds").Integer() >= 0,
            "NotTerminating" => spec.At("activeDeadlineSeconds").Integer() is null or < 0,
            "BestEffort" => IsBestEffort(spec),
            "NotBestEffort" => !IsBestEffort(spec),
            "PriorityClass" => Among(spec.At("priorityClassName").Text(""), @operator, values),
            "CrossNamespacePodAffinity" => CrossesNamespaces(spec.At("affinity")),
            _ => false,
        };
    }

    private static bool Among(string value, string @operator, JsonElement values) => @operator switch
    {
        "In" => values.Items().Any(item => item.Text() == value),
        "NotIn" => !values.Items().Any(item => item.Text() == value),
        "Exists" => value.Length > 0,
        "DoesNotExist" => value.Length == 0,
        _ => false,
    };

    private static bool IsBestEffort(JsonElement spec) => !spec.VisitContainers(ContainerType.AllContainers).Any(container =>
        ((ReadOnlySpan<string>)["requests", "limits"]).ToArray().Any(which =>
            PodResources.Read(container.At("resources", which)).Any(one => one.Key is "cpu" or "memory" && !one.Value.IsZero)));

    private static bool CrossesNamespaces(JsonElement affinity)
    {
        foreach (var kind in (ReadOnlySpan<string>)["podAffinity", "podAntiAffinity"])
        {
            var terms = affinity.At(kind, "requiredDuringSchedulingIgnoredDuringExecution").Items()
                .Concat(affinity.At(kind, "preferredDuringSchedulingIgnoredDuringExecution").Items().Select(term => term.At("podAffinityTerm")));
            if (terms.Any(term => term.At("namespaces").Count() > 0 || term.At("namespaceSelector").Exists()))
                return true;
        }
        return false;
    }
}
