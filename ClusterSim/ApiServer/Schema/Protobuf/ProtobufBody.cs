using System.Text.Json;
using System.Text.Json.Nodes;
using Google.Protobuf;

namespace ClusterSim.Schema.Protobuf;

/// <summary>
/// Reads a body of <c>application/vnd.kubernetes.protobuf</c>, which kubectl's typed commands send, into the JSON that the same object would have
/// been sent as: four bytes <c>k8s\0</c>, then a <c>runtime.Unknown</c> that names kind and version and carries the object's message.
/// </summary>
/// <remarks>
/// Kubernetes drops fields it doesn't know; here they are refused, unless they hold nothing: Go writes fields that are no pointers even when
/// empty, so an older client sends the fields that have since been removed.
/// </remarks>
internal static class ProtobufBody
{
    private const string Machinery = "io.k8s.apimachinery.pkg.";
    private const string Extensions = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.";

    private static ReadOnlySpan<byte> Prefix => "k8s\0"u8;

    /// <summary>The body as JSON.</summary>
    /// <param name="body">The bytes.</param>
    /// <param name="schema">Which kinds there are.</param>
    /// <param name="expected">The kind where the body names none.</param>
    /// <exception cref="DecodeException">It is no such body, or holds what is unknown.</exception>
    public static JsonObject Read(ReadOnlyMemory<byte> body, TypeSchema schema, GroupVersionKind expected)
    {
        if (body.IsEmpty)
            throw new DecodeException("empty data");
        if (!body.Span.StartsWith(Prefix))
            throw new DecodeException("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
        if (body.Length == Prefix.Length)
            throw new DecodeException("empty body");
        try
        {
            return ReadEnvelope(body[Prefix.Length..], schema, expected);
        }
        catch (InvalidProtocolBufferException broken)
        {
            throw new DecodeException($"the protobuf message is malformed: {broken.Message}");
        }
    }

    private static JsonObject ReadEnvelope(ReadOnlyMemory<byte> unknown, TypeSchema schema, GroupVersionKind expected)
    {
        string apiVersion = "", kind = "", encoding = "", contentType = "";
        var raw = ReadOnlyMemory<byte>.Empty;
        var input = Input(unknown);
        while (input.ReadTag() is not 0 and var tag)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case 1:
                    var type = Input(input.ReadBytes().Memory);
                    while (type.ReadTag() is not 0 and var inner)
                    {
                        switch (WireFormat.GetTagFieldNumber(inner))
                        {
                            case 1:
                                apiVersion = type.ReadString();
                                break;
                            case 2:
                                kind = type.ReadString();
                                break;
                            default:
                                type.SkipLastField();
                                break;
                        }
                    }
                    break;
                case 2:
                    raw = input.ReadBytes().Memory;
                    break;
                case 3:
                    encoding = input.ReadString();
                    break;
                case 4:
                    contentType = input.ReadString();
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }
        if (encoding.Length > 0)
            throw new DecodeException($"runtime.Unknown.contentEncoding: \"{encoding}\" is not supported: the raw object should not be encoded");
        if (contentType.Length > 0)
            throw new DecodeException($"runtime.Unknown.contentType: \"{contentType}\" is not supported: the raw object should be protobuf");
        var sent = new GroupVersionKind(
            apiVersion.Length > 0 ? GroupVersion.Parse(apiVersion).Group : expected.Group,
            apiVersion.Length > 0 ? GroupVersion.Parse(apiVersion).Version : expected.Version,
            kind.Length > 0 ? kind : expected.Kind);
        var message = schema.MessageOf(sent) ?? throw new DecodeException($"no kind \"{sent.Kind}\" is registered for version \"{sent.GroupVersion}\"");
        var result = new JsonObject { ["kind"] = sent.Kind, ["apiVersion"] = sent.GroupVersion.ToString() };
        new Reader(schema).ReadInto(result, raw, message, depth: 0);
        return result;
    }

    private static CodedInputStream Input(ReadOnlyMemory<byte> bytes) => UnsafeByteOperations.UnsafeWrap(bytes).CreateCodedInput();

    private readonly struct Reader(TypeSchema schema)
    {
        public void ReadInto(JsonObject result, ReadOnlyMemory<byte> bytes, string message, int depth)
        {
            if (depth > JsonLimits.DepthMax)
                throw new DecodeException("exceeded max depth");
            var fields = schema.Message(message)?.ByNumber ?? throw new DecodeException($"{message} has no protobuf form here: send JSON");
            var input = Input(bytes);
            while (input.ReadTag() is not 0 and var tag)
            {
                var number = WireFormat.GetTagFieldNumber(tag);
                if (!fields.TryGetValue(number, out var field))
                    SkipEmpty(input, tag, message, number);
                else
                    ReadField(result, input, tag, field, message, depth);
            }
        }

        private void ReadField(JsonObject result, CodedInputStream input, uint tag, ProtobufMessageField declared, string message, int depth)
        {
            var field = declared.Wire;
            var path = field.Name.Length > 0 ? $"{Short(message)}.{field.Name}" : Short(message);
            var wire = WireFormat.GetTagWireType(tag);
            switch (field.Label)
            {
                case ProtobufLabel.Map:
                    Expect(wire, WireFormat.WireType.LengthDelimited, path);
                    ReadEntry(Child(result, field.Name, () => new JsonObject()), input.ReadBytes().Memory, field, path, depth);
                    break;
                case ProtobufLabel.Repeated:
                    var list = Child(result, field.Name, () => new JsonArray());
                    if (wire == WireFormat.WireType.LengthDelimited && WireTypeOf(field) != WireFormat.WireType.LengthDelimited)
                    {
                        var packed = Input(input.ReadBytes().Memory);
                        while (!packed.IsAtEnd)
                            list.Add(ReadScalar(packed, field.Type));
                    }
                    else
                    {
                        list.Add(ReadValue(input, wire, field, path, depth));
                    }
                    break;
                case ProtobufLabel.Single when field.Name.Length == 0:
                    Expect(wire, WireFormat.WireType.LengthDelimited, path);
                    ReadInto(result, input.ReadBytes().Memory, field.Type, depth);
                    break;
                default:
                    var value = ReadValue(input, wire, field, path, depth);
                    // Go writes every scalar that is no pointer, and leaves the empty ones out of JSON.
                    if (IsEmpty(value) && declared.Go is { IsPointer: false, OmitsEmpty: true })
                        result.Remove(field.Name);
                    else
                        result[field.Name] = value;
                    break;
            }
        }

        private static bool IsEmpty(JsonNode? value) => value?.GetValueKind() switch
        {
            null => true,
            JsonValueKind.String => value.GetValue<string>().Length == 0,
            JsonValueKind.False => true,
            JsonValueKind.Number => value.ToJsonString() == "0",
            _ => false,
        };

        // A part that is left out has its type's zero: Go writes both, other clients need not.
        private void ReadEntry(JsonObject map, ReadOnlyMemory<byte> entry, ProtobufField field, string path, int depth)
        {
            var key = "";
            JsonNode? value = null;
            var told = false;
            var input = Input(entry);
            while (input.ReadTag() is not 0 and var tag)
            {
                switch (WireFormat.GetTagFieldNumber(tag))
                {
                    case 1:
                        key = input.ReadString();
                        break;
                    case 2:
                        value = ReadValue(input, WireFormat.GetTagWireType(tag), field, path, depth);
                        told = true;
                        break;
                    default:
                        input.SkipLastField();
                        break;
                }
            }
            map[key] = told ? value : field.IsList ? new JsonArray() : ReadBytes(ReadOnlyMemory<byte>.Empty, field.Type, path, depth);
        }

        private JsonNode? ReadValue(CodedInputStream input, WireFormat.WireType wire, ProtobufField field, string path, int depth)
        {
            Expect(wire, WireTypeOf(field), path);
            if (!field.IsList)
                return wire == WireFormat.WireType.LengthDelimited ? ReadBytes(input.ReadBytes().Memory, field.Type, path, depth) : ReadScalar(input, field.Type);
            var list = new JsonArray();
            var wrapper = Input(input.ReadBytes().Memory);
            while (wrapper.ReadTag() is not 0)
                list.Add(ReadBytes(wrapper.ReadBytes().Memory, field.Type, path, depth));
            return list;
        }

        private static JsonValue ReadScalar(CodedInputStream input, string type) => type switch
        {
            "bool" => JsonValue.Create(input.ReadBool()),
            "int32" => JsonValue.Create(input.ReadInt32()),
            "int64" => JsonValue.Create(input.ReadInt64()),
            _ => JsonValue.Create(input.ReadDouble()),
        };

        private JsonNode? ReadBytes(ReadOnlyMemory<byte> bytes, string type, string path, int depth)
        {
            switch (type)
            {
                case "string":
                    return JsonValue.Create(System.Text.Encoding.UTF8.GetString(bytes.Span));
                case "bytes":
                    return JsonValue.Create(Convert.ToBase64String(bytes.Span));
                case "bool":
                    return JsonValue.Create(false);
                case "int32" or "int64" or "double":
                    return JsonValue.Create(0);
            }
            var result = new JsonObject();
            ReadInto(result, bytes, type, depth + 1);
            return type switch
            {
                Machinery + "api.resource.Quantity" => result["string"]?.ToString() is { Length: > 0 } quantity ? quantity : "0",
                Machinery + "util.intstr.IntOrString" => (long?)result["type"] switch
                {
                    null or 0 => (int?)result["intVal"] ?? 0,
                    1 => result["strVal"]?.ToString() ?? "",
                    var other => throw new DecodeException($"{path}: an IntOrString of type {other}: it should be 0 (a number) or 1 (a string)"),
                },
                Machinery + "apis.meta.v1.Time" => Time(result, path, GoTime.Stamp),
                Machinery + "apis.meta.v1.MicroTime" => Time(result, path, GoTime.StampMicro),
                Machinery + "apis.meta.v1.FieldsV1" => Json(result["Raw"], path),
                Machinery + "runtime.RawExtension" or Extensions + "JSON" => Json(result["raw"], path),
                Extensions + "JSONSchemaPropsOrArray" => Taken(result, "jSONSchemas") ?? Taken(result, "schema"),
                Extensions + "JSONSchemaPropsOrBool" => Taken(result, "schema") ?? Taken(result, "allows"),
                Extensions + "JSONSchemaPropsOrStringArray" => Taken(result, "property") ?? Taken(result, "schema"),
                _ => result,
            };
        }

        // Bytes that hold a document of their own: JSON, or another object in this form.
        private JsonNode? Json(JsonNode? base64, string path)
        {
            var raw = base64 is null ? [] : Convert.FromBase64String(base64.ToString());
            if (raw.Length == 0)
                return null;
            if (raw.AsSpan().StartsWith(Prefix))
                return ReadEnvelope(raw.AsMemory(Prefix.Length), schema, new("", "", ""));
            try
            {
                return JsonNode.Parse(raw, documentOptions: new JsonDocumentOptions { MaxDepth = JsonLimits.DepthMax });
            }
            catch (JsonException)
            {
                throw new DecodeException($"{path}: its raw bytes should be JSON");
            }
        }
    }

    private static WireFormat.WireType WireTypeOf(ProtobufField field) => field.IsList
        ? WireFormat.WireType.LengthDelimited
        : field.Type switch
        {
            "bool" or "int32" or "int64" => WireFormat.WireType.Varint,
            "double" => WireFormat.WireType.Fixed64,
            _ => WireFormat.WireType.LengthDelimited,
        };

    private static void Expect(WireFormat.WireType found, WireFormat.WireType right, string path)
    {
        if (found != right)
            throw new DecodeException($"{path}: protobuf wire type {found}, should be {right}");
    }

    private static void SkipEmpty(CodedInputStream input, uint tag, string message, int number)
    {
        var empty = WireFormat.GetTagWireType(tag) switch
        {
            WireFormat.WireType.Varint => input.ReadUInt64() == 0,
            WireFormat.WireType.LengthDelimited => input.ReadBytes().IsEmpty,
            WireFormat.WireType.Fixed64 => input.ReadFixed64() == 0,
            WireFormat.WireType.Fixed32 => input.ReadFixed32() == 0,
            _ => false,
        };
        if (!empty)
            throw new DecodeException($"{Short(message)} has no protobuf field {number} in the version of Kubernetes that is simulated: send JSON");
    }

    private static T Child<T>(JsonObject parent, string name, Func<T> make)
        where T : JsonNode
    {
        if (parent[name] is T known)
            return known;
        var made = make();
        parent[name] = made;
        return made;
    }

    private static JsonNode? Taken(JsonObject from, string name)
    {
        from.Remove(name, out var value);
        return value;
    }

    // Go's zero time is written as an empty message, and read back as null.
    private static JsonValue? Time(JsonObject message, string path, Func<DateTimeOffset, string> write)
    {
        long seconds = (long?)message["seconds"] ?? 0, nanos = (int?)message["nanos"] ?? 0;
        if (seconds == 0 && nanos == 0)
            return null;
        try
        {
            return JsonValue.Create(write(DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanos / 100)));
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new DecodeException($"{path}: {seconds} seconds since 1970 is no time of the years 1 to 9999");
        }
    }

    private static string Short(string message)
    {
        var parts = message.Split('.');
        return $"{parts[^2]}.{parts[^1]}";
    }
}
