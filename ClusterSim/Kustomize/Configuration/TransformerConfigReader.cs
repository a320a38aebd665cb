using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Configuration;

/// <summary>Reads the files of <c>configurations</c>.</summary>
internal static class TransformerConfigReader
{
    public static TransformerConfig Read(byte[] utf8, string file)
    {
        var reader = FieldReader.Parse(utf8, file, isStrict: true).Require(
            "namePrefix", "nameSuffix", "namespace", "commonLabels", "labels", "templateLabels", "commonAnnotations", "nameReference", "varReference", "images", "replicas");
        return new TransformerConfig
        {
            NamePrefix = reader.FieldSpecs("namePrefix"),
            NameSuffix = reader.FieldSpecs("nameSuffix"),
            Namespace = reader.FieldSpecs("namespace"),
            CommonLabels = reader.FieldSpecs("commonLabels"),
            Labels = reader.FieldSpecs("labels"),
            TemplateLabels = reader.FieldSpecs("templateLabels"),
            CommonAnnotations = reader.FieldSpecs("commonAnnotations"),
            NameReference = [.. reader.Objects("nameReference").Select(References)],
            VarReference = reader.FieldSpecs("varReference"),
            Images = reader.FieldSpecs("images"),
            Replicas = reader.FieldSpecs("replicas"),
        };
    }

    private static NameBackReferences References(FieldReader reader) =>
        new(reader.Require("group", "version", "kind", "fieldSpecs").Gvk(), reader.FieldSpecs("fieldSpecs"));
}
