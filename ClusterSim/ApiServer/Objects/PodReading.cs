using System.Text.Json;
using ClusterSim.Storage;

namespace ClusterSim.Objects;

/// <summary>What controllers ask of a pod, as <c>k8s.io/kubernetes/pkg/api/v1/pod</c> answers it.</summary>
internal static class PodReading
{
    /// <summary><c>status.phase</c>.</summary>
    public static string Phase(this Document pod) => pod.Status.At("phase").Text("");

    /// <summary>Whether all its containers have ended for good.</summary>
    public static bool IsEnded(this Document pod) => pod.Phase() is "Succeeded" or "Failed";

    /// <summary>Whether it counts: neither ended nor being deleted.</summary>
    public static bool IsActive(this Document pod) => !pod.IsDeleting && !pod.IsEnded();

    /// <summary>A condition of the object's status; default where there is none.</summary>
    public static JsonElement Condition(this Document @object, string type)
    {
        foreach (var condition in @object.Status.At("conditions").Items())
            if (condition.At("type").Text() == type)
                return condition;
        return default;
    }

    /// <summary>Whether a condition is True.</summary>
    public static bool Is(this Document @object, string type) => @object.Condition(type).At("status").Text() == "True";

    /// <summary>Whether it is Ready.</summary>
    public static bool IsReady(this Document pod) => pod.Is("Ready");

    /// <summary>Whether it has been Ready for <paramref name="minReadySeconds"/>.</summary>
    public static bool IsAvailable(this Document pod, long minReadySeconds, DateTimeOffset now)
    {
        var ready = pod.Condition("Ready");
        if (ready.At("status").Text() != "True")
            return false;
        return minReadySeconds == 0
            || (ready.At("lastTransitionTime").Time() is { } since && since.AddSeconds(minReadySeconds) <= now);
    }

    /// <summary>How long until the first of the ready pods becomes available; null where all are.</summary>
    public static TimeSpan? UntilNextAvailable(IEnumerable<Document> pods, long minReadySeconds, DateTimeOffset now)
    {
        if (minReadySeconds == 0)
            return null;
        TimeSpan? first = null;
        foreach (var pod in pods)
        {
            var ready = pod.Condition("Ready");
            if (ready.At("status").Text() != "True" || ready.At("lastTransitionTime").Time() is not { } since)
                continue;
            var left = since.AddSeconds(minReadySeconds) - now;
            if (left > TimeSpan.Zero && (first is null || left < first))
                first = left;
        }
        return first;
    }

    /// <summary>How often its containers were restarted, sidecars included.</summary>
    public static int Restarts(this Document pod) => pod.Status.At("containerStatuses").Items().Sum(status => status.At("restartCount").Integer(0));

    /// <summary>An annotation; null where it has none.</summary>
    public static string? Annotation(this Document @object, string name) => @object.Metadata.At("annotations").At(name).Text();

    /// <summary>When it was created.</summary>
    public static DateTimeOffset Created(this Document @object) => @object.Metadata.At("creationTimestamp").Time() ?? DateTimeOffset.MinValue;

    /// <summary><c>metadata.generation</c>.</summary>
    public static long Generation(this Document @object) => @object.Metadata.At("generation").Integer() ?? 0;

    /// <summary>Whether it carries a finalizer.</summary>
    public static bool HasFinalizer(this Document @object, string finalizer)
    {
        foreach (var one in @object.Metadata.At("finalizers").Items())
            if (one.Text() == finalizer)
                return true;
        return false;
    }
}
