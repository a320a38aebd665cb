using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using ClusterSim.Schema.Protobuf;

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
/// Whatever the bytes are, the outcome is an object or an <see cref="KubernetesApiException"/> of 400.
/// </summary>
/// <param name="schema">The built-in types.</param>
/// <param name="catalog">Where custom kinds are found; null where there are none.</param>
internal sealed class RequestDecoder(TypeSchema schema, ResourceCatalog? catalog = null)
{
    // Versions that Go's scheme still knows though no server serves them: they fail later, with another message.
    private static readonly ImmutableHashSet<string> RetiredVersions =
    [
        "apps/v1beta1", "apps/v1beta2", "extensions/v1beta1", "batch/v1beta1", "autoscaling/v2beta1", "autoscaling/v2beta2", "policy/v1beta1",
        "networking.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1beta1", "rbac.authorization.k8s.io/v1alpha1", "storage.k8s.io/v1beta1",
        "scheduling.k8s.io/v1beta1", "scheduling.k8s.io/v1alpha1", "coordination.k8s.io/v1beta1", "discovery.k8s.io/v1beta1", "events.k8s.io/v1beta1",
        "certificates.k8s.io/v1beta1", "authentication.k8s.io/v1beta1", "authorization.k8s.io/v1beta1", "admissionregistration.k8s.io/v1beta1",
    ];

    /// <summary>The built-in types.</summary>
    public TypeSchema Schema { get; } = schema;

    /// <summary>Whether a kind has a protobuf form: the built-in ones have, custom ones have not.</summary>
    public bool TakesProtobuf(GroupVersionKind kind) => Schema.NameOf(kind) is { } name && ProtobufFields.Default.Find(name) is not null;

    /// <summary>Reads a body.</summary>
    /// <param name="body">The bytes.</param>
    /// <param name="media">What they are written in.</param>
    /// <param name="expected">What the URL wants; also the default where the body names no kind or version.</param>
    /// <param name="validation">What becomes of unknown and repeated fields.</param>
    /// <exception cref="KubernetesApiException">400: it is malformed, of another kind, or of wrong types.</exception>
    public DecodedObject Decode(ReadOnlyMemory<byte> body, MediaKind media, GroupVersionKind expected, FieldValidation validation) =>
        catalog?.Find(expected)?.Custom is { } custom
            ? DecodeCustom(body, media, expected, custom, validation)
            : Decode(body, media, Schema.Find(expected) ?? throw KubernetesApiException.BadRequest($"no kind \"{expected.Kind}\" is registered for version \"{expected.GroupVersion}\""), validation);

    /// <summary>
    /// Reads DeleteOptions: they are registered in every group and version, so that each client sends them in the version it talks in.
    /// </summary>
    /// <exception cref="KubernetesApiException">400.</exception>
    public JsonObject DecodeDeleteOptions(ReadOnlyMemory<byte> body, MediaKind media)
    {
        var expected = new GroupVersionKind("", "v1", "DeleteOptions");
        try
        {
            var json = media switch
            {
                MediaKind.Protobuf => ProtobufBody.Read(body, Schema, expected).ToUtf8(),
                MediaKind.Yaml => YamlConversion.ToJson(body, strict: null),
                _ => body,
            };
            json = Clean(json);
            var sent = ReadKind(json, expected);
            return sent.Kind == expected.Kind
                ? new ObjectReader(json.Span, strict: null).Read(Schema.Find(expected)!.Type)
                : throw new DecodeException($"no kind \"{sent.Kind}\" is registered for version \"{sent.GroupVersion}\" in scheme \"pkg/apis/meta/internalversion/scheme/register.go:30\"");
        }
        catch (DecodeException ex)
        {
            throw KubernetesApiException.BadRequest(ex.Message);
        }
    }

    /// <summary>Reads a body of this type.</summary>
    /// <inheritdoc cref="Decode(ReadOnlyMemory{byte}, MediaKind, GroupVersionKind, FieldValidation)"/>
    public DecodedObject Decode(ReadOnlyMemory<byte> body, MediaKind media, ObjectType expected, FieldValidation validation)
    {
        var strict = new List<string>();
        var json = body;
        var sent = new GroupVersionKind("", "", "");
        try
        {
            if (media == MediaKind.Protobuf)
                json = ProtobufBody.Read(body, Schema, expected.Kind).ToUtf8();
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
            throw KubernetesApiException.BadRequest($"{sent.Kind} in version \"{sent.Version}\" cannot be handled as a {expected.Kind.Kind}: {refusal.Message}");
        }
        catch (DecodeException refusal)
        {
            throw KubernetesApiException.BadRequest($"the object provided is unrecognized (must be of type {expected.Kind.Kind}): {refusal.Message} ({Summary(body.Span)})");
        }
    }

    /// <summary>
    /// Reads a custom object: only its metadata has a Go type; the rest takes the shape of the schema, and its values are judged by the rules, later.
    /// </summary>
    private static DecodedObject DecodeCustom(ReadOnlyMemory<byte> body, MediaKind media, GroupVersionKind expected, ICustomResourceSchema custom, FieldValidation validation)
    {
        var strict = new List<string>();
        var sent = new GroupVersionKind("", "", "");
        try
        {
            var json = Clean(media == MediaKind.Yaml ? YamlConversion.ToJson(body, validation == FieldValidation.Ignore ? null : strict) : body);
            sent = ReadKind(json, new("", "", ""));
            if (sent.Kind.Length == 0)
                throw new DecodeException($"Object 'Kind' is missing in '{Encoding.UTF8.GetString(json.Span)}'");
            var @object = ReadCustom(json.Span, custom, sent.Kind == expected.Kind && sent.Group == expected.Group, validation == FieldValidation.Ignore ? null : strict);
            if (strict.Count > 0 && validation == FieldValidation.Strict)
                throw new DecodeException(StrictMessage(strict));
            if (sent.GroupVersion != expected.GroupVersion)
                throw KubernetesApiException.BadRequest($"the API version in the data ({sent.GroupVersion}) does not match the expected API version ({expected.GroupVersion})");
            if (sent.Kind != expected.Kind)
                throw KubernetesApiException.Invalid(
                    expected, @object["metadata"] is JsonObject metadata ? metadata.Text("name") ?? "" : "", [new FieldError("FieldValueInvalid", "kind", $"Invalid value: {GoText.Quote(sent.Kind)}: must be {expected.Kind}")]);
            return new DecodedObject(@object, strict);
        }
        catch (DecodeException refusal) when (sent.Kind.Length > 0)
        {
            throw KubernetesApiException.BadRequest($"{sent.Kind} in version \"{sent.Version}\" cannot be handled as a {expected.Kind}: {refusal.Message}");
        }
        catch (DecodeException refusal)
        {
            throw KubernetesApiException.BadRequest($"the object provided is unrecognized (must be of type {expected.Kind}): {refusal.Message} ({Summary(body.Span)})");
        }
    }

    private static JsonObject ReadCustom(ReadOnlySpan<byte> utf8, ICustomResourceSchema custom, bool isShaped, List<string>? strict)
    {
        var @object = new ObjectReader(utf8, strict).Read(custom.Envelope);
        if (!isShaped)
            return @object;
        var dropped = strict is null ? null : new List<string>();
        custom.Coerce(@object, dropped);
        strict?.AddRange((dropped ?? []).Order(StringComparer.Ordinal).Select(path => $"unknown field \"{path}\""));
        return @object;
    }

    /// <summary>Reads what a patch made of an object of this kind; see <see cref="DecodePatched(JsonObject, ObjectType, FieldValidation, IReadOnlyList{string})"/>.</summary>
    /// <param name="patched">The patched object.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="validation">What becomes of unknown and repeated fields.</param>
    /// <param name="repeated">What was told of the patch itself.</param>
    public DecodedObject DecodePatched(JsonObject patched, GroupVersionKind kind, FieldValidation validation, IReadOnlyList<string> repeated)
    {
        if (catalog?.Find(kind)?.Custom is not { } custom)
            return DecodePatched(patched, Schema.Find(kind) ?? throw KubernetesApiException.BadRequest($"no kind \"{kind.Kind}\" is registered for version \"{kind.GroupVersion}\""), validation, repeated);
        var strict = repeated.ToList();
        var utf8 = patched.ToUtf8();
        try
        {
            var @object = ReadCustom(utf8, custom, isShaped: true, validation == FieldValidation.Ignore ? null : strict);
            if (strict.Count > 0 && validation == FieldValidation.Strict)
                throw new DecodeException(StrictMessage(strict));
            return new DecodedObject(@object, strict);
        }
        catch (DecodeException refusal)
        {
            throw Unpatched(utf8, refusal);
        }
    }

    private static KubernetesApiException Unpatched(ReadOnlySpan<byte> utf8, DecodeException refusal) => KubernetesApiException.Invalid(
        new("", "", ""), "", [new FieldError("FieldValueInvalid", "patch", $"Invalid value: {GoText.Quote(Encoding.UTF8.GetString(utf8))}: {refusal.Message}")]);

    /// <summary>What is told of repeated fields in a merge patch or strategic merge patch; nothing where it is no object.</summary>
    public static IReadOnlyList<string> Repeated(ReadOnlyMemory<byte> patch)
    {
        var told = new List<string>();
        try
        {
            new ObjectReader(Clean(patch).Span, told).Read(Untyped);
        }
        catch (DecodeException)
        {
            // What is wrong with it is told when it is applied.
        }
        return told;
    }

    private static readonly FieldType Untyped = new(FieldKind.Object, () => new ObjectShape("", [])) { GoName = "map[string]interface {}", KeepsUnknown = true };

    /// <summary>What is told, strictly, of keys that are repeated in an apply configuration; null for nothing.</summary>
    public static string? RepeatedKeys(ReadOnlyMemory<byte> yaml)
    {
        var told = new List<string>();
        YamlConversion.ToJson(yaml, told);
        return told.Count == 0 ? null : $"error converting YAML to JSON: {told[0]}";
    }

    /// <summary>Reads what a patch made of an object: the same rules, with the refusals of PATCH (422, field <c>patch</c>).</summary>
    /// <param name="patched">The patched object.</param>
    /// <param name="type">Its type.</param>
    /// <param name="validation">What becomes of unknown and repeated fields.</param>
    /// <param name="repeated">What was told of the patch itself.</param>
    /// <exception cref="KubernetesApiException">422.</exception>
    public static DecodedObject DecodePatched(JsonObject patched, ObjectType type, FieldValidation validation, IReadOnlyList<string> repeated)
    {
        var strict = repeated.ToList();
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
            throw Unpatched(utf8, refusal);
        }
    }

    /// <summary>Reads a body without regard to types: an apply configuration, a merge patch. JSON is YAML too.</summary>
    /// <exception cref="KubernetesApiException">400: malformed, or no object.</exception>
    public static JsonObject DecodeUntyped(ReadOnlyMemory<byte> body, MediaKind media)
    {
        try
        {
            var json = Clean(media == MediaKind.Yaml ? YamlConversion.ToJson(body, strict: null) : body);
            if (GoJsonSyntax.Complaint(json.Span) is { } complaint)
                throw KubernetesApiException.BadRequest($"error decoding patch: {complaint}");
            var element = JsonElement.Parse(json.Span);
            return element.ValueKind switch
            {
                // JsonObject refuses repeated keys where Go lets the last one win.
                JsonValueKind.Object => (JsonObject)JsonText.Repaired(element)!,
                JsonValueKind.Null => [],
                _ => throw KubernetesApiException.BadRequest($"error decoding patch: json: cannot unmarshal {JsonText.Told(element.ValueKind)} into Go value of type map[string]interface {{}}"),
            };
        }
        catch (DecodeException refusal)
        {
            throw KubernetesApiException.BadRequest($"error decoding YAML: {refusal.Message}");
        }
        catch (JsonException)
        {
            throw KubernetesApiException.BadRequest("error decoding patch: exceeded max depth");
        }
    }

    /// <summary>Strict errors as one sentence.</summary>
    public static string StrictMessage(IReadOnlyList<string> errors) => $"strict decoding error: {string.Join(", ", errors)}";

    /// <summary>Go takes bytes that are no UTF-8 and surrogates without their half, and reads U+FFFD; so do we.</summary>
    internal static ReadOnlyMemory<byte> Clean(ReadOnlyMemory<byte> body) =>
        Utf8.IsValid(body.Span) ? body : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body.Span));

    private ObjectType Other(GroupVersionKind sent, ObjectType expected)
    {
        if (Schema.Find(sent) is { } known)
            return known;
        return RetiredVersions.Contains(sent.GroupVersion.ToString()) && Schema.Find(sent with { Version = expected.Kind.Version, Group = expected.Kind.Group }) is { } retired
            ? retired
            : throw new DecodeException($"no kind \"{sent.Kind}\" is registered for version \"{sent.GroupVersion}\" in scheme \"pkg/api/legacyscheme/scheme.go:30\"");
    }

    private static void CheckKind(GroupVersionKind sent, GroupVersionKind expected)
    {
        if (sent.Kind != expected.Kind)
            throw new DecodeException($"converting ({sent.Version}.{sent.Kind}) to ({Internal(expected.Group)}.{expected.Kind}): unknown conversion");
        // The one subresource that takes a version which no longer has resources: kubectl before 1.22 evicts with it.
        if (sent.GroupVersion != expected.GroupVersion && sent is not { Group: "policy", Version: "v1beta1", Kind: "Eviction" })
            throw KubernetesApiException.BadRequest($"the API version in the data ({sent.GroupVersion}) does not match the expected API version ({expected.GroupVersion})");
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
                throw new DecodeException("couldn't get version/kind; json parse error: json: cannot unmarshal " + JsonText.Told(ref reader)
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
                            throw new DecodeException($"couldn't get version/kind; json parse error: json: cannot unmarshal {JsonText.Told(ref reader)} into Go struct field .{(isKind ? "kind" : "apiVersion")} of type string");
                        }
                        if (isKind)
                            kind = JsonText.TextOf(ref reader);
                        else
                            version = JsonText.TextOf(ref reader);
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
}
