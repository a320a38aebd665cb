using System.Text;

namespace ClusterSim.Kustomize.Resources;

/// <summary>Where a resource comes from, or what changed it: the annotations of <c>buildMetadata</c>.</summary>
/// <param name="Path">The file, relative to the kustomization that is built.</param>
/// <param name="ConfiguredIn">The kustomization file that configures a generator or transformer.</param>
/// <param name="ApiVersion">The generator's or transformer's apiVersion; <c>builtin</c> for fields of the kustomization.</param>
/// <param name="Kind">The generator's or transformer's kind.</param>
/// <param name="Name">The name of its configuration.</param>
/// <param name="Namespace">The namespace of its configuration.</param>
internal sealed record Origin(string Path = "", string ConfiguredIn = "", string ApiVersion = "", string Kind = "", string Name = "", string Namespace = "")
{
    public const string Annotation = "config.kubernetes.io/origin";
    public const string TransformationsAnnotation = "alpha.config.kubernetes.io/transformations";

    /// <summary>The origin of what is found at a path below this one.</summary>
    public Origin Append(string path) => this with { Path = Clean(Path.Length == 0 ? path : $"{Path}/{path}") };

    /// <summary>The origin as YAML.</summary>
    public string ToYaml()
    {
        var text = new StringBuilder();
        Line("path", Path);
        Line("configuredIn", ConfiguredIn);
        if (Kind.Length > 0)
        {
            text.Append("configuredBy:\n");
            Line("  apiVersion", ApiVersion);
            Line("  kind", Kind);
            Line("  name", Name);
            Line("  namespace", Namespace);
        }
        return text.Length == 0 ? "{}\n" : text.ToString();

        void Line(string field, string value)
        {
            if (value.Length > 0)
                text.Append(field).Append(": ").Append(value).Append('\n');
        }
    }

    /// <summary>Several origins as a YAML list.</summary>
    public static string ToYaml(IEnumerable<Origin> origins) =>
        string.Concat(origins.Select(origin => "- " + origin.ToYaml().TrimEnd('\n').Replace("\n", "\n  ", StringComparison.Ordinal) + "\n"));

    // filepath.Join: without "." and with ".." resolved.
    private static string Clean(string path)
    {
        var parts = new List<string>();
        foreach (var part in path.Split('/'))
        {
            if (part is "" or ".")
                continue;
            if (part == ".." && parts.Count > 0 && parts[^1] != "..")
                parts.RemoveAt(parts.Count - 1);
            else
                parts.Add(part);
        }
        return string.Join('/', parts);
    }
}
