using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Configuration;

/// <summary>Reads field specifications, kinds and targets.</summary>
internal static class FieldSpecReader
{
    public static IReadOnlyList<FieldSpec> FieldSpecs(this FieldReader reader, string name) =>
        [.. reader.Objects(name).Select(spec => new FieldSpec(
            spec.Require("group", "version", "kind", "path", "create").Gvk(), spec.Text("path"), spec.Flag("create")))];

    public static Gvk Gvk(this FieldReader reader) => new(reader.Text("group"), reader.Text("version"), reader.Text("kind"));

    public static ResId ResId(this FieldReader reader) => new(reader.Gvk(), reader.Text("name"), reader.Text("namespace"));

    /// <summary>Reads a target of patches or replacements; null where there is none.</summary>
    public static Selector? Selector(this FieldReader reader, string name) => reader.Object(name)?.AsSelector();

    public static Selector AsSelector(this FieldReader reader)
    {
        reader.Require("group", "version", "kind", "name", "namespace", "labelSelector", "annotationSelector");
        try
        {
            return new Selector(reader.ResId(), reader.Text("labelSelector"), reader.Text("annotationSelector"));
        }
        catch (Kyaml.KustomizeException ex)
        {
            throw ex.At(reader.Place);
        }
    }
}
