using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using static ClusterSim.Tables.Cells;
using static ClusterSim.Tables.Rows;

namespace ClusterSim.Tables;

/// <summary>Rows of apps and batch.</summary>
internal static class WorkloadRows
{
    public static JsonArray Deployment(JsonElement o, DateTimeOffset now)
    {
        var (spec, status) = (o.At("spec"), o.At("status"));
        return
        [
            Name(o), Of(status.At("readyReplicas").Integer(0), spec.At("replicas").Integer(0)), status.At("updatedReplicas").Integer(0), status.At("availableReplicas").Integer(0),
            Age(o, now), ContainerNames(spec.At("template", "spec")), Images(spec.At("template", "spec")), Selector(spec.At("selector")),
        ];
    }

    public static JsonArray Replicas(JsonElement o, DateTimeOffset now, string selector)
    {
        var (spec, status) = (o.At("spec"), o.At("status"));
        return
        [
            Name(o), spec.At("replicas").Integer(0), status.At("replicas").Integer(0), status.At("readyReplicas").Integer(0), Age(o, now),
            ContainerNames(spec.At("template", "spec")), Images(spec.At("template", "spec")), selector,
        ];
    }

    public static JsonArray StatefulSet(JsonElement o, DateTimeOffset now)
    {
        var spec = o.At("spec");
        return
        [
            Name(o), Of(o.At("status", "readyReplicas").Integer(0), spec.At("replicas").Integer(0)), Age(o, now),
            ContainerNames(spec.At("template", "spec")), Images(spec.At("template", "spec")),
        ];
    }

    public static JsonArray DaemonSet(JsonElement o, DateTimeOffset now)
    {
        var (spec, status) = (o.At("spec"), o.At("status"));
        return
        [
            Name(o), status.At("desiredNumberScheduled").Integer(0), status.At("currentNumberScheduled").Integer(0), status.At("numberReady").Integer(0),
            status.At("updatedNumberScheduled").Integer(0), status.At("numberAvailable").Integer(0), Labels(spec.At("template", "spec", "nodeSelector")), Age(o, now),
            ContainerNames(spec.At("template", "spec")), Images(spec.At("template", "spec")), Selector(spec.At("selector")),
        ];
    }

    public static JsonArray ControllerRevision(JsonElement o, DateTimeOffset now)
    {
        var controller = o.At("metadata", "ownerReferences").Items().FirstOrDefault(owner => owner.At("controller").Flag(false));
        var group = controller.At("apiVersion").Text("").Split('/') is [var name, _] ? "." + name : "";
        return
        [
            Name(o), controller.Exists() ? $"{controller.At("kind").Text("").ToLowerInvariant()}{group}/{controller.At("name").Text()}" : None, o.At("revision").Integer(0), Age(o, now),
        ];
    }

    public static JsonArray Job(JsonElement o, DateTimeOffset now)
    {
        var (spec, status) = (o.At("spec"), o.At("status"));
        var succeeded = status.At("succeeded").Integer(0);
        var completions = spec.At("completions").Integer() is { } wanted ? Of(succeeded, (int)wanted)
            : spec.At("parallelism").Integer(1) is var parallel and > 1 ? string.Create(CultureInfo.InvariantCulture, $"{succeeded}/1 of {parallel}") : Of(succeeded, 1);
        var start = status.At("startTime").Time();
        var duration = start is null ? ""
            : HumanDuration.Of((status.At("completionTime").Time() ?? now) - start.Value);
        return
        [
            Name(o), JobStatus(o), completions, duration, Age(o, now), ContainerNames(spec.At("template", "spec")), Images(spec.At("template", "spec")), Selector(spec.At("selector")),
        ];
    }

    public static JsonArray CronJob(JsonElement o, DateTimeOffset now)
    {
        var (spec, status) = (o.At("spec"), o.At("status"));
        var template = spec.At("jobTemplate", "spec", "template").At("spec");
        return
        [
            Name(o), spec.At("schedule").Text(""), OrNone(spec.At("timeZone").Text()), spec.At("suspend").Flag(false) ? "True" : "False", status.At("active").Count(),
            status.At("lastScheduleTime").Exists() ? Since(status.At("lastScheduleTime"), now) : None, Age(o, now),
            ContainerNames(template), Images(template), Selector(spec.At("jobTemplate", "spec", "selector")),
        ];
    }

    private static string JobStatus(JsonElement job)
    {
        bool Has(string type) => job.At("status", "conditions").Items().Any(condition => condition.At("type").Text() == type && condition.At("status").Text() == "True");

        if (Has("Complete"))
            return "Complete";
        if (Has("Failed"))
            return "Failed";
        if (job.At("metadata", "deletionTimestamp").Exists())
            return "Terminating";
        if (Has("Suspended"))
            return "Suspended";
        if (Has("FailureTarget"))
            return "FailureTarget";
        return Has("SuccessCriteriaMet") ? "SuccessCriteriaMet" : "Running";
    }

    private static string Of(int some, int all) => string.Create(CultureInfo.InvariantCulture, $"{some}/{all}");
}
