using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using ClusterSim.Api;
using ClusterSim.Json;
using ClusterSim.Schema.Protobuf;
using ClusterSim.Validation;

namespace ClusterSim.Schema;

/// <summary>What a body is written in.</summary>
internal enum MediaKind
{
    /// <summary><c>application/json</c>.</summary>
    Json,

    /// <summary><c>application/yaml</c>.</summary>
    Yaml,

    /// <summary><c>application/vnd.kubernetes.protobuf</c>; built-in kinds only.</summary>
    Protobuf,
}

/// <summary>A body, read.</summary>
/// <param name="Object">Normalised as Kubernetes' round trip through Go normalises: see <see cref="ObjectReader"/>.</param>
/// <param name="Warnings">What to tell in Warning headers.</param>
internal sealed record DecodedObject(JsonObject Object, IReadOnlyList<string> Warnings);

/// <summary>
/// Reads the bodies of requests as the API server does: types, unknown fields, zero values; and refuses in its words.
/// Whatever the bytes are, the outcome is an object or an <see cref="ApiException"/> of 400.
/// </summary>
internal sealed class RequestDecoder(TypeSchema schema)
{
    // Versions that Go's scheme still knows though no server serves them: they fail later, with another message.
    private static readonly ImmutableHashSet<string> RetiredVersions =
    [
        "apps/v1beta1", "apps/v1beta2", "extensions/v1beta1", "batch/v1beta1", "autoscaling/v2beta1", "autoscaling/v2beta2", "policy/v1beta1",
        "networking.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1alpha1", "storage.k8s.io/v1beta1",
        "scheduling.k8s.io/v1beta1", "scheduling.k8s.io/v1alpha1", "coordination.k8s.io/v1beta1", "discovery.k8s.io/v1beta1", "events.k8s.io/v1beta1",
        "certificates.k8s.io/v1beta1", "authentication.k8s.io/v1beta1", "authorization.k8s.io/v1beta1", "admissionregistration.k8s.io/v1beta1",
    ];

    /// <summary>Reads a body of a built-in kind.</summary>
    /// <param name="body">The bytes.</param>
    /// <param name="media">What they are written in.</param>
    /// <param name="expected">What the URL wants; also the default where the body names no kind or version.</param>
    /// <param name="validation">What becomes of unknown and repeated fields.</param>
    /// <exception cref="ApiException">400: it is malformed, of another kind, or of wrong types.</exception>
    public DecodedObject Decode(ReadOnlyMemory<byte> body, MediaKind media, GroupVersionKind expected, FieldValidation validation) =>
        Decode(body, media, schema.Find(expected) ?? throw ApiException.BadRequest($"no kind \"{expected.Kind}\" is registered for version \"{expected.GroupVersion}\""), validation);

    /// <summary>Reads a body of this type, which may be a custom resource's.</summary>
    /// <inheritdoc cref="Decode(ReadOnlyMemory{byte}, MediaKind, GroupVersionKind, FieldValidation)"/>
    public DecodedObject Decode(ReadOnlyMemory<byte> body, MediaKind media, ObjectType expected, FieldValidation validation)
    {
        var strict = new List<string>();
        var json = body;
        var sent = new GroupVersionKind("", "", "");
        try
        {
            if (media == MediaKind.Protobuf)
                json = ProtobufBody.Read(body, schema, expected.Kind).ToUtf8();
            if (media == MediaKind.Yaml)
                json = YamlConversion.ToJson(body, validation == FieldValidation.Ignore ? null : strict);
            json = Clean(json);
            sent = ReadKind(json, expected.Kind);
            var type = sent == expected.Kind ? expected : Other(sent, expected);
            var @object = new ObjectReader(json.Span, validation == FieldValidation.Ignore ? null : strict).Read(type.Type);
            CheckKind(sent, expected.Kind);
            if (strict.Count > 0 && validation == FieldValidation.Strict)
                throw new DecodeException(StrictMessage(strict));
            @object["apiVersion"] = expected.Kind.GroupVersion.ToString();
            @object["kind"] = expected.Kind.Kind;
            return new DecodedObject(@object, strict);
        }
        catch (DecodeException refusal) when (sent.Kind.Length > 0)
        {
            throw ApiException.BadRequest($"{sent.Kind} in version \"{sent.Version}\" cannot be handled as a {expected.Kind.Kind}: {refusal.Message}");
        }
        catch (DecodeException refusal)
        {
            throw ApiException.BadRequest($"the object provided is unrecognized (must be of type {expected.Kind.Kind}): {refusal.Message} ({Summary(body.Span)})");
        }
    }

    /// <summary>Reads what a patch made of an object: the same rules, with the refusals of PATCH (422, field <c>patch</c>).</summary>
    /// <param name="patched">The patched object.</param>
    /// <param name="type">Its type.</param>
    /// <param name="validation">What becomes of unknown and repeated fields.</param>
    /// <param name="shown">What the message shows as the invalid value; the patched object where null.</param>
    /// <exception cref="ApiException">422.</exception>
    public static DecodedObject DecodePatched(JsonObject patched, ObjectType type, FieldValidation validation, string? shown = null)
    {
        var strict = new List<string>();
        var utf8 = patched.ToUtf8();
        try
        {
            var @object = new ObjectReader(utf8, validation == FieldValidation.Ignore ? null : strict).Read(type.Type);
            if (strict.Count > 0 && validation == FieldValidation.Strict)
                throw new DecodeException(StrictMessage(strict));
            return new DecodedObject(@object, strict);
        }
        catch (DecodeException refusal)
        {
            throw ApiException.Invalid(
                new("", "", ""), "",
                [new FieldError("FieldValueInvalid", "patch", $"Invalid value: {Quoted(shown ?? Encoding.UTF8.GetString(utf8))}: {refusal.Message}")]);
        }
    }

    /// <summary>Reads a body without regard to types: an apply configuration, a merge patch. JSON is YAML too.</summary>
    /// <exception cref="ApiException">400: malformed, or no object.</exception>
    public static JsonObject DecodeUntyped(ReadOnlyMemory<byte> body, MediaKind media)
    {
        try
        {
            var json = Clean(media == MediaKind.Yaml ? YamlConversion.ToJson(body, strict: null) : body);
            if (GoJsonSyntax.Complaint(json.Span) is { } complaint)
                throw ApiException.BadRequest($"error decoding patch: {complaint}");
            var element = JsonElement.Parse(json.Span);
            return element.ValueKind switch
            {
                JsonValueKind.Object => LastOfEach(element),
                JsonValueKind.Null => [],
                _ => throw ApiException.BadRequest($"error decoding patch: json: cannot unmarshal {ObjectReader.Told(element.ValueKind)} into Go value of type map[string]interface {{}}"),
            };
        }
        catch (DecodeException refusal)
        {
            throw ApiException.BadRequest($"error decoding YAML: {refusal.Message}");
        }
        catch (JsonException)
        {
            throw ApiException.BadRequest("error decoding patch: exceeded max depth");
        }
    }

    /// <summary>Strict errors as one sentence.</summary>
    public static string StrictMessage(IReadOnlyList<string> errors) => $"strict decoding error: {string.Join(", ", errors)}";

    /// <summary>Go takes bytes that are no UTF-8 and surrogates without their half, and reads U+FFFD; so do we.</summary>
    internal static ReadOnlyMemory<byte> Clean(ReadOnlyMemory<byte> body) =>
        Utf8.IsValid(body.Span) ? body : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body.Span));

    private ObjectType Other(GroupVersionKind sent, ObjectType expected)
    {
        if (schema.Find(sent) is { } known)
            return known;
        return RetiredVersions.Contains(sent.GroupVersion.ToString()) && schema.Find(sent with { Version = expected.Kind.Version, Group = expected.Kind.Group }) is { } retired
            ? retired
            : throw new DecodeException($"no kind \"{sent.Kind}\" is registered for version \"{sent.GroupVersion}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"");
    }

    private static void CheckKind(GroupVersionKind sent, GroupVersionKind expected)
    {
        if (sent.Kind != expected.Kind)
            throw new DecodeException($"converting ({sent.Version}.{sent.Kind}) to ({Internal(expected.Group)}.{expected.Kind}): unknown conversion");
        // The one subresource that takes a version which no longer has resources: kubectl before 1.22 evicts with it.
        if (sent.GroupVersion != expected.GroupVersion && sent is not { Group: "policy", Version: "v1beta1", Kind: "Eviction" })
            throw ApiException.BadRequest($"the API version in the data ({sent.GroupVersion}) does not match the expected API version ({expected.GroupVersion})");
    }

    private static string Internal(string group) => group.Length == 0 ? "core" : group.Split('.')[0];

    // The first look: which kind is it? Go reads the whole body for it, so that malformed JSON is told here.
    private static GroupVersionKind ReadKind(ReadOnlyMemory<byte> json, GroupVersionKind expected)
    {
        string? kind = null, version = null;
        try
        {
            var reader = new Utf8JsonReader(json.Span, ObjectReader.ReaderOptions);
            reader.Read();
            if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.Null))
            {
                CheckSyntax(json.Span);
                throw new DecodeException("couldn't get version/kind; json parse error: json: cannot unmarshal " + ObjectReader.Told(ref reader)
                    + """ into Go value of type struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }""");
            }
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var isKind = reader.ValueTextEquals("kind"u8);
                    var isVersion = !isKind && reader.ValueTextEquals("apiVersion"u8);
                    reader.Read();
                    if ((isKind || isVersion) && reader.TokenType != JsonTokenType.Null)
                    {
                        if (reader.TokenType != JsonTokenType.String)
                        {
                            CheckSyntax(json.Span);
                            throw new DecodeException($"couldn't get version/kind; json parse error: json: cannot unmarshal {ObjectReader.Told(ref reader)} into Go struct field .{(isKind ? "kind" : "apiVersion")} of type string");
                        }
                        if (isKind)
                            kind = ObjectReader.TextOf(ref reader);
                        else
                            version = ObjectReader.TextOf(ref reader);
                    }
                    reader.Skip();
                }
            }
            if (reader.Read())
                throw new JsonException();
        }
        catch (JsonException)
        {
            CheckSyntax(json.Span);
            throw new DecodeException("couldn't get version/kind; json parse error: exceeded max depth");
        }
        if (version is not null && version.AsSpan().Count('/') > 1)
            throw new DecodeException($"unexpected GroupVersion string: {version}");
        var groupVersion = string.IsNullOrEmpty(version) ? expected.GroupVersion : GroupVersion.Parse(version);
        return new(groupVersion.Group, groupVersion.Version, string.IsNullOrEmpty(kind) ? expected.Kind : kind);
    }

    private static void CheckSyntax(ReadOnlySpan<byte> json)
    {
        if (GoJsonSyntax.Complaint(json) is { } complaint)
            throw new DecodeException($"couldn't get version/kind; json parse error: {complaint}");
    }

    private static string Summary(ReadOnlySpan<byte> body)
    {
        const int shownMax = 30;
        if (body.IsEmpty)
            return "<empty>";
        var shown = body[..Math.Min(body.Length, shownMax)];
        return (body[0] == '{' ? Encoding.UTF8.GetString(shown) : Convert.ToHexStringLower(shown)) + (body.Length > shownMax ? " ..." : "");
    }

    private static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    // JsonObject refuses repeated keys where Go lets the last one win.
    private static JsonObject LastOfEach(JsonElement element)
    {
        var result = new JsonObject();
        foreach (var field in element.EnumerateObject())
            result[ObjectReader.NameOf(field)] = Copy(field.Value);
        return result;

        static JsonNode? Copy(JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.Object => LastOfEach(value),
            JsonValueKind.Array => new JsonArray([.. value.EnumerateArray().Select(Copy)]),
            JsonValueKind.Null => null,
            JsonValueKind.String => JsonValue.Create(ObjectReader.TextOf(value)),
            _ => JsonValue.Create(value),
        };
    }
}

/// <summary>Why a document cannot be read, in Go's words, before it is known what to say around them.</summary>
internal sealed class DecodeException(string message) : Exception(message);
