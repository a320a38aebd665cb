using System.Globalization;
using System.Text.Json.Nodes;
using ClusterSim.Objects;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Controllers.Jobs;

/// <summary>The completion indexes of an Indexed Job (<c>indexed_job_utils.go</c>).</summary>
internal static class CompletionIndexes
{
    /// <summary>The annotation, and label, with a pod's completion index.</summary>
    public const string Annotation = "batch.kubernetes.io/job-completion-index";

    /// <summary>Returns whether the Job's <c>completionMode</c> is <c>Indexed</c>.</summary>
    public static bool IsIndexed(Document job) => job.Spec.At("completionMode").Text() == "Indexed";

    /// <summary>Returns the pod's completion index; -1 if it has none.</summary>
    public static int Of(Document pod) =>
        int.TryParse(pod.Annotation(Annotation), NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : -1;

    /// <summary>Adds <c>JOB_COMPLETION_INDEX</c> to the environment of all containers of a pod spec.</summary>
    public static void AddEnvironment(JsonObject spec)
    {
        foreach (var container in spec.VisitContainers(ContainerType.WorkloadContainers))
        {
            var environment = container["env"] as JsonArray ?? [];
            environment.Add((JsonNode)Object(
                ("name", "JOB_COMPLETION_INDEX"),
                ("valueFrom", Object(("fieldRef", Object(("apiVersion", "v1"), ("fieldPath", $"metadata.labels['{Annotation}']")))))));
            container["env"] = environment;
        }
    }

    /// <summary>Parses indexes as the status of a Job has them, such as <c>0-2,4</c>.</summary>
    public static SortedSet<int> Parse(string? text)
    {
        var indexes = new SortedSet<int>();
        foreach (var part in (text ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var ends = part.Split('-');
            var first = int.Parse(ends[0], CultureInfo.InvariantCulture);
            var last = int.Parse(ends[^1], CultureInfo.InvariantCulture);
            for (var index = first; index <= last; index++)
                indexes.Add(index);
        }
        return indexes;
    }

    /// <summary>Formats indexes as the status of a Job has them: three or more in a row are a range.</summary>
    public static string Format(SortedSet<int> indexes)
    {
        var parts = new List<string>();
        int? first = null;
        var last = 0;
        void Flush()
        {
            if (first is not { } from)
                return;
            parts.Add(from == last ? $"{from}" : last == from + 1 ? $"{from},{last}" : $"{from}-{last}");
        }
        foreach (var index in indexes)
        {
            if (first is not null && index == last + 1)
            {
                last = index;
                continue;
            }
            Flush();
            first = last = index;
        }
        Flush();
        return string.Join(",", parts);
    }
}
