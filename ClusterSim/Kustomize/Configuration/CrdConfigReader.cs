using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Configuration;

/// <summary>
/// Reads the files of <c>crds</c>: OpenAPI definitions by their names, whose extensions (<c>x-kubernetes-object-ref-kind</c> …) tell which fields refer to
/// other objects, select by labels, or hold names and annotations (<c>LoadConfigFromCRDs</c>).
/// </summary>
internal sealed class CrdConfigReader
{
    private const int DepthMax = 50;

    private readonly JsonElement _definitions;
    private readonly List<FieldSpec> _annotations = [];
    private readonly List<FieldSpec> _labels = [];
    private readonly List<FieldSpec> _names = [];
    private readonly List<NameBackReferences> _references = [];

    private CrdConfigReader(JsonElement definitions) => _definitions = definitions;

    public static TransformerConfig Read(byte[] utf8, string file)
    {
        JsonNode? read;
        try
        {
            read = JsonNode.Parse(YamlConversion.ToJson(utf8, strict: null));
        }
        catch (Exception ex) when (ex is DecodeException or JsonException)
        {
            throw new KustomizeException($"{file}: {ex.Message}");
        }
        if (read is not JsonObject definitions)
            throw new KustomizeException($"{file}: OpenAPI definitions by their names are expected");
        var reader = new CrdConfigReader(definitions.ToElement());
        foreach (var (name, _) in definitions)
            reader.ReadType(name);
        return new TransformerConfig
        {
            CommonAnnotations = FieldSpecs.Merge([], reader._annotations),
            CommonLabels = FieldSpecs.Merge([], reader._labels),
            NamePrefix = FieldSpecs.Merge([], reader._names),
            NameReference = reader._references,
        };
    }

    private void ReadType(string name)
    {
        var properties = Properties(name);
        if (properties.At("kind").Exists() && properties.At("apiVersion").Exists() && properties.At("metadata").Exists())
            ReadProperties(name, new Gvk("", "", name[(name.LastIndexOf('.') + 1)..]), path: "", depth: 0);
    }

    private void ReadProperties(string type, Gvk kind, string path, int depth)
    {
        if (depth > DepthMax)
            return;
        foreach (var declared in Properties(type).Fields())
        {
            var (name, property) = (declared.Name, declared.Value);
            var field = path.Length == 0 ? name : $"{path}/{name}";
            if (property.At("x-kubernetes-annotation").Exists())
                _annotations.Add(new FieldSpec(kind, field));
            if (property.At("x-kubernetes-label-selector").Exists())
                _labels.Add(new FieldSpec(kind, field));
            if (property.At("x-kubernetes-identity").Exists())
                _names.Add(new FieldSpec(kind, field));
            if (property.At("x-kubernetes-object-ref-api-version").Text() is { } version && property.At("x-kubernetes-object-ref-kind").Text() is { } referred)
            {
                var nameKey = property.At("x-kubernetes-object-ref-name-key").Text("name");
                _references.Add(new NameBackReferences(new Gvk("", version, referred), [new FieldSpec(kind, $"{field}/{nameKey}")]));
            }
            if (property.At("$ref").Text() is { } reference)
                ReadProperties(reference, kind, field, depth + 1);
        }
    }

    // Definitions are written with Go's field names: "Schema" with "properties" in it.
    private JsonElement Properties(string type)
    {
        var definition = _definitions.At(type);
        var schema = definition.At("Schema").Exists() ? definition.At("Schema") : definition.At("schema");
        return schema.At("properties");
    }
}
