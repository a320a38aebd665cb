using System.Text.Json;

namespace ClusterSim.Tables;

/// <summary>How kubectl's columns word what objects hold (<c>k8s.io/kubernetes/pkg/printers</c>).</summary>
internal static class Cells
{
    /// <summary>Where there is nothing.</summary>
    public const string None = "<none>";

    /// <summary>Where it is not known.</summary>
    public const string Unknown = "<unknown>";

    /// <summary>The time since <paramref name="time"/>, in at most two units: <c>5s</c>, <c>2m30s</c>, <c>3h5m</c>, <c>2d</c> (<c>duration.HumanDuration</c>).</summary>
    public static string Since(JsonElement time, DateTimeOffset now) => time.Time() is { } then ? HumanDuration.Of(now - then) : Unknown;

    /// <summary>The age of an object.</summary>
    public static string Age(JsonElement @object, DateTimeOffset now) => Since(@object.At("metadata", "creationTimestamp"), now);

    /// <summary>Texts joined by commas; <c>&lt;none&gt;</c> for none.</summary>
    public static string Joined(IEnumerable<string> texts) => string.Join(',', texts) is { Length: > 0 } joined ? joined : None;

    /// <summary>The text, or <c>&lt;none&gt;</c>.</summary>
    public static string OrNone(string? text) => string.IsNullOrEmpty(text) ? None : text;

    /// <summary>A label selector as <c>metav1.FormatLabelSelector</c> words it: nothing is &lt;none&gt;, an empty one too.</summary>
    public static string Selector(JsonElement selector)
    {
        var terms = selector.At("matchLabels").Fields().OrderBy(field => field.Name, StringComparer.Ordinal).Select(field => $"{field.Name}={field.Value.Text()}").ToList();
        foreach (var expression in selector.At("matchExpressions").Items())
        {
            var key = expression.At("key").Text("");
            var values = string.Join(',', expression.At("values").Items().Select(value => value.Text("")).Order(StringComparer.Ordinal));
            terms.Add(expression.At("operator").Text() switch
            {
                "In" => $"{key} in ({values})",
                "NotIn" => $"{key} notin ({values})",
                "Exists" => key,
                _ => $"!{key}",
            });
        }
        return Joined(terms);
    }

    /// <summary>A map of labels as <c>labels.FormatLabels</c> words it.</summary>
    public static string Labels(JsonElement labels) =>
        Joined(labels.Fields().OrderBy(field => field.Name, StringComparer.Ordinal).Select(field => $"{field.Name}={field.Value.Text()}"));

    /// <summary>The names of a pod template's containers.</summary>
    public static string ContainerNames(JsonElement podSpec) => string.Join(',', podSpec.At("containers").Items().Select(container => container.At("name").Text("")));

    /// <summary>The images of a pod template's containers.</summary>
    public static string Images(JsonElement podSpec) => string.Join(',', podSpec.At("containers").Items().Select(container => container.At("image").Text("")));

    /// <summary>Access modes in their short form.</summary>
    public static string AccessModes(JsonElement modes)
    {
        var present = modes.Items().Select(mode => mode.Text("")).ToHashSet(StringComparer.Ordinal);
        var shorts = new List<string>();
        foreach (var (mode, brief) in ((string, string)[])[("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")])
            if (present.Contains(mode))
                shorts.Add(brief);
        return string.Join(',', shorts);
    }
}
