using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Resources;

namespace ClusterSim.Kustomize.Builtins;

/// <summary>Appends a hash of the content to the names of generated objects.</summary>
internal sealed class HashTransformer : ITransformer
{
    private const int HashLength = 10;

    public void Transform(ResMap resources)
    {
        foreach (var resource in resources.Resources.Where(resource => resource.NeedsHashSuffix))
        {
            var hash = Hash(resource.Node);
            resource.StorePreviousId();
            resource.SetName($"{resource.Name}-{hash}");
        }
    }

    /// <summary>The hash of a ConfigMap or Secret: of its data and type. The name takes no part: upstream looks it up where it is not (<c>getNodeValues</c>).</summary>
    public static string Hash(RNode node)
    {
        var isSecret = node.Text("kind") == "Secret";
        var hashed = new JsonObject { ["kind"] = node.Text("kind"), ["name"] = "", ["data"] = Value("data") };
        if (isSecret)
            hashed["type"] = Value("type");
        var optional = isSecret ? "stringData" : "binaryData";
        if (node.Get(optional) is { Kind: NodeKind.Mapping })
            hashed[optional] = Value(optional);
        return Encode(SHA256.HashData(Encoding.UTF8.GetBytes(GoJson.Write(hashed))));

        JsonNode? Value(string field) => node.Get(field) is not { } found ? "" : found.Kind == NodeKind.Scalar ? found.Value : found.ToJson();
    }

    // Letters that make no words: vowels and the digits that look like them are replaced.
    private static string Encode(byte[] hash) => string.Concat(Convert.ToHexStringLower(hash)[..HashLength].Select(digit => digit switch
    {
        '0' => 'g',
        '1' => 'h',
        '3' => 'k',
        'a' => 'm',
        'e' => 't',
        _ => digit,
    }));
}
