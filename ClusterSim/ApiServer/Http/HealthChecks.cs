using System.Text;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Http;

/// <summary>
/// <c>/healthz</c>, <c>/livez</c> and <c>/readyz</c>, each check at a path of its own, and all of them one by one where <c>verbose</c> is asked for
/// (<c>k8s.io/apiserver/pkg/server/healthz</c>). All checks pass: requests wait until the cluster has started.
/// </summary>
internal static class HealthChecks
{
    private static readonly string[] Checks = ["ping", "log", "etcd"];
    private static readonly string[] ReadyChecks = ["etcd-readiness", "informer-sync"];
    private static readonly string[] Hooks =
    [
        "poststarthook/start-apiserver-admission-initializer", "poststarthook/generic-apiserver-start-informers", "poststarthook/priority-and-fairness-config-consumer",
        "poststarthook/start-apiextensions-informers", "poststarthook/start-apiextensions-controllers", "poststarthook/crd-informer-synced",
        "poststarthook/rbac/bootstrap-roles", "poststarthook/scheduling/bootstrap-system-priority-classes", "poststarthook/bootstrap-controller",
        "poststarthook/start-kube-aggregator-informers", "poststarthook/apiservice-registration-controller", "poststarthook/apiservice-discovery-controller",
        "poststarthook/apiservice-openapi-controller", "poststarthook/apiservice-openapiv3-controller",
    ];

    /// <summary>Returns whether a path is one of the three that anybody may ask.</summary>
    public static bool IsRoot(string path) => path is "/healthz" or "/livez" or "/readyz";

    /// <summary>The answer of a path; null where it is no check.</summary>
    public static string? Answer(string path, IQueryCollection query)
    {
        var name = path.Split('/', 3).ElementAtOrDefault(1);
        if (name is not ("healthz" or "livez" or "readyz"))
            return null;
        var checks = name == "readyz" ? [.. Checks, .. ReadyChecks, .. Hooks, "shutdown"] : (IReadOnlyList<string>)[.. Checks, .. Hooks];
        if (!IsRoot(path))
            return checks.Contains(path[(name.Length + 2)..]) ? "ok" : null;
        var excluded = QueryOptions.Values(query, "exclude").ToHashSet(StringComparer.Ordinal);
        if (!query.ContainsKey("verbose"))
            return "ok";
        var told = new StringBuilder();
        foreach (var check in checks)
            told.Append("[+]").Append(check).Append(excluded.Remove(check) ? " excluded: ok\n" : " ok\n");
        if (excluded.Count > 0)
            told.Append("warn: some health checks cannot be excluded: no matches for ").AppendJoin(", ", excluded.Select(check => GoText.Quote(check))).Append('\n');
        return told.Append(name).Append(" check passed\n").ToString();
    }
}
