#:property PublishAot=false
// Keeps of a cluster's /openapi/v2 what ClusterSim needs of its types: names, fields, required ones, merge keys, list types.
// Prose, defaults, paths and the definitions of custom resources go.
// dotnet run eng/definitions.cs -- <openapi.json> <definitions.json.gz>   (or: make definitions)
using System.IO.Compression;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

if (args is not [var source, var target])
{
    Console.Error.WriteLine("definitions: two arguments, please: the cluster's /openapi/v2 as a file, and the .json.gz to write");
    return 2;
}

string[] structure = ["$ref", "type", "format", "enum", "required", "items", "additionalProperties", "properties"];

var document = JsonNode.Parse(await File.ReadAllTextAsync(source));
if (document?["definitions"] is not JsonObject all)
{
    Console.Error.WriteLine($"definitions: {source} has no 'definitions': it should be what `kubectl get --raw /openapi/v2` prints");
    return 1;
}

var kept = new JsonObject();
foreach (var (name, schema) in all.Where(definition => definition.Key.StartsWith("io.k8s.", StringComparison.Ordinal)).OrderBy(definition => definition.Key, StringComparer.Ordinal))
    kept[name] = Structure(schema!.AsObject());

await using (var file = File.Create(target))
await using (var zip = new GZipStream(file, CompressionLevel.SmallestSize))
    await JsonSerializer.SerializeAsync(zip, new JsonObject { ["definitions"] = kept }, new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
Console.WriteLine($"definitions: {kept.Count} types in {target}, {new FileInfo(target).Length} bytes");
return 0;

JsonObject Structure(JsonObject schema)
{
    var result = new JsonObject();
    foreach (var (key, value) in schema)
    {
        if (key == "properties")
            result[key] = new JsonObject(value!.AsObject().Select(field => KeyValuePair.Create(field.Key, (JsonNode?)Structure(field.Value!.AsObject()))));
        else if (value is JsonObject inner && key is "items" or "additionalProperties")
            result[key] = Structure(inner);
        else if (structure.Contains(key) || key.StartsWith("x-kubernetes-", StringComparison.Ordinal))
            result[key] = value!.DeepClone();
    }

    return result;
}
