using System.Text;
using ClusterSim.Kustomize.Kyaml;

namespace ClusterSim.Kustomize.Resources;

/// <summary>The data of ConfigMaps and Secrets (<c>datamap.go</c>).</summary>
internal static class DataMap
{
    private const int LineLength = 70;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Adds values to a ConfigMap: text to <c>data</c>, anything else to <c>binaryData</c>.</summary>
    public static void LoadConfigMap(RNode configMap, IEnumerable<KeyValuePair<string, byte[]>> values)
    {
        foreach (var (key, value) in values.OrderBy(value => value.Key, StringComparer.Ordinal))
        {
            if (Text(value) is { } text)
                configMap.Ensure("data").Set(key, RNode.Str(text));
            else
                configMap.Ensure("binaryData").Set(key, RNode.Str(Base64(value)));
        }
    }

    /// <summary>Adds values to a Secret.</summary>
    public static void LoadSecret(RNode secret, IEnumerable<KeyValuePair<string, byte[]>> values)
    {
        var data = secret.Ensure("data");
        foreach (var (key, value) in values.OrderBy(value => value.Key, StringComparer.Ordinal))
            data.Set(key, RNode.Str(Base64(value)));
    }

    /// <summary>Merges the data of an older object into a generated one, whose values win.</summary>
    public static void Merge(RNode generated, RNode older)
    {
        foreach (var field in (string[])["data", "binaryData"])
        {
            var merged = RNode.Mapping();
            foreach (var (key, value) in (older.Get(field)?.Fields ?? []).Concat(generated.Get(field)?.Fields ?? []))
                merged.Set(key, RNode.Str(value.Value));
            generated.Clear(field);
            if (merged.Fields.Count > 0)
                generated.Set(field, merged);
        }
    }

    // As upstream writes them: in lines of 70 characters, with a line end after each where there are several.
    private static string Base64(byte[] value)
    {
        var text = Convert.ToBase64String(value);
        return text.Length < LineLength ? text : string.Concat(text.Chunk(LineLength).Select(line => new string(line) + "\n"));
    }

    private static string? Text(byte[] value)
    {
        try
        {
            return Strict.GetString(value);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
