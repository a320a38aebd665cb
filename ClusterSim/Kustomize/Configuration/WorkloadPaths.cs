using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Configuration;

/// <summary>Where the kinds with pods keep their pod templates.</summary>
internal static class WorkloadPaths
{
    /// <summary>The path of the pod spec of a kind.</summary>
    public static string PodSpecOf(string kind) => kind switch
    {
        "Pod" => "spec",
        "PodTemplate" => "template/spec",
        "CronJob" => "spec/jobTemplate/spec/template/spec",
        _ => "spec/template/spec",
    };

    /// <summary>Fields of the pod spec, for each of some kinds.</summary>
    public static IEnumerable<FieldSpec> InPodSpecs(IEnumerable<string> kinds, params string[] fields) =>
        from kind in kinds from field in fields select new FieldSpec(Kind(kind), $"{PodSpecOf(kind)}/{field}");

    public static Gvk Kind(string kind, string group = "", string version = "") => new(group, version, kind);
}
