using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Validation.Core;

/// <summary>Secrets. What is written as text in <c>stringData</c> is kept in <c>data</c>.</summary>
internal sealed class SecretStrategy : KindStrategy
{
    private static readonly Dictionary<string, Func<JsonElement, string>> Fields = new(StringComparer.Ordinal)
    {
        ["type"] = secret => secret.At("type").Text(""),
    };

    private static readonly FieldPath DataPath = FieldPath.Of("data");

    /// <inheritdoc/>
    public override GroupVersionKind Kind => new("", "v1", "Secret");

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, Func<JsonElement, string>> SelectableFields => Fields;

    /// <inheritdoc/>
    public override void Default(JsonObject @object)
    {
        if (@object["stringData"] is JsonObject { Count: > 0 } texts)
        {
            var data = @object.Ensure("data");
            foreach (var (key, value) in texts)
                data[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value is JsonValue text && text.TryGetValue<string>(out var found) ? found : ""));
        }
        @object.Remove("stringData");
        if (@object.Text("type") is null or "")
            @object["type"] = "Opaque";
    }

    /// <inheritdoc/>
    public override void PrepareForUpdate(JsonObject @object, JsonElement old)
    {
        // An empty type is one that was not said.
        if (@object.Text("type") is null or "" && old.At("type").Text() is { } type)
            @object["type"] = type;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> Validate(JsonElement @object)
    {
        var errors = new FieldErrors();
        Contents(errors, @object);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<FieldError> ValidateUpdate(JsonElement @object, JsonElement old)
    {
        var errors = new FieldErrors();
        if (@object.At("type").Text("") is var type && type != old.At("type").Text(""))
            errors.Invalid(FieldPath.Of("type"), type, "field is immutable");
        ConfigMapStrategy.Unchanged(errors, @object, old, "data");
        Contents(errors, @object);
        return errors;
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Warnings(JsonElement @object, JsonElement old)
    {
        var data = @object.At("data");
        if (@object.At("type").Text() == "kubernetes.io/tls")
        {
            if (data.At("tls.crt").Text("").Length > 0 && !Decoded(data.At("tls.crt")).Contains("-----BEGIN", StringComparison.Ordinal))
                yield return "tls: failed to find any PEM data in certificate input";
            else if (data.At("tls.key").Text("").Length > 0 && !Decoded(data.At("tls.key")).Contains("-----BEGIN", StringComparison.Ordinal))
                yield return "tls: failed to find any PEM data in key input";
        }
    }

    /// <summary>The number of bytes a base64 text stands for.</summary>
    public static long DecodedLength(string base64) => (base64.Length / 4 * 3L) - (base64.EndsWith("==", StringComparison.Ordinal) ? 2 : base64.EndsWith('=') ? 1 : 0);

    private static void Contents(FieldErrors errors, JsonElement secret)
    {
        var data = secret.At("data");
        long total = 0;
        foreach (var entry in data.Fields())
        {
            errors.InvalidEach(DataPath.Key(entry.Name), entry.Name, NameRules.ConfigMapKey(entry.Name));
            total += DecodedLength(entry.Value.Text(""));
        }
        if (total > ConfigMapStrategy.MaximumBytes)
            errors.TooLong(DataPath, ConfigMapStrategy.MaximumBytes);

        switch (secret.At("type").Text(""))
        {
            case "kubernetes.io/service-account-token":
                if (secret.At("metadata", "annotations", "kubernetes.io/service-account.name").Text("").Length == 0)
                    errors.Required(FieldPath.Of("metadata", "annotations").Key("kubernetes.io/service-account.name"));
                break;
            case "kubernetes.io/dockercfg":
                JsonObjectIn(errors, data, ".dockercfg");
                break;
            case "kubernetes.io/dockerconfigjson":
                JsonObjectIn(errors, data, ".dockerconfigjson");
                break;
            case "kubernetes.io/basic-auth":
                if (!data.TryGet("username") && !data.TryGet("password"))
                {
                    errors.Required(DataPath.Key("username"));
                    errors.Required(DataPath.Key("password"));
                }
                break;
            case "kubernetes.io/ssh-auth":
                if (data.At("ssh-privatekey").Text("").Length == 0)
                    errors.Required(DataPath.Key("ssh-privatekey"));
                break;
            case "kubernetes.io/tls":
                foreach (var key in (ReadOnlySpan<string>)["tls.crt", "tls.key"])
                    if (!data.TryGet(key))
                        errors.Required(DataPath.Key(key));
                break;
            default:
                break;
        }
    }

    private static void JsonObjectIn(FieldErrors errors, JsonElement data, string key)
    {
        if (!data.TryGet(key))
        {
            errors.Required(DataPath.Key(key));
            return;
        }
        var text = Decoded(data.At(key));
        try
        {
            using var document = JsonDocument.Parse(text);
            if (document.RootElement.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null))
                errors.Invalid(DataPath.Key(key), "<secret contents redacted>",
                    $"json: cannot unmarshal {document.RootElement.ValueKind.ToString().ToLowerInvariant()} into Go value of type map[string]interface {{}}");
        }
        catch (JsonException)
        {
            var first = text.TrimStart();
            errors.Invalid(DataPath.Key(key), "<secret contents redacted>",
                first.Length == 0 ? "unexpected end of JSON input" : $"invalid character '{first[0]}' looking for beginning of value");
        }
    }

    private static string Decoded(JsonElement base64) => base64.TryGetBytesFromBase64(out var bytes) ? Encoding.UTF8.GetString(bytes) : "";
}

/// <summary>Whether a map has a key, even one with an empty value.</summary>
internal static class MapReading
{
    /// <summary>Whether the key is there.</summary>
    public static bool TryGet(this JsonElement map, string key) => map.ValueKind == JsonValueKind.Object && map.TryGetProperty(key, out _);
}
