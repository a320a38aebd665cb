using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Schema;

/// <summary>
/// Reads JSON into a document of a type in one pass, and leaves it as Kubernetes' round trip through Go structs would: unknown fields are
/// dropped; nulls, and zeros and empty lists that Go's <c>omitempty</c> leaves out, vanish; structs that Go always writes are there
/// (<c>status: {}</c>); quantities, times and base64 are canonical.
/// </summary>
/// <remarks>
/// As in Go, the first wrong type is told once everything is read, whereas a malformed quantity, time or base64 is told at once.
/// Case matters in names, as in sigs.k8s.io/json.
/// </remarks>
internal ref struct ObjectReader
{
    private const int StrictErrorsMax = 100;
    private const int NameCharsMax = 256;

    private readonly List<string>? _strict;
    private readonly List<Step> _path = [];
    private Utf8JsonReader _reader;
    private string? _mismatch;

    /// <summary>A reader of JSON known to be well-formed UTF-8.</summary>
    /// <param name="utf8">The document.</param>
    /// <param name="strict">Where unknown and repeated fields are told; null where nobody asks.</param>
    public ObjectReader(ReadOnlySpan<byte> utf8, List<string>? strict)
    {
        _strict = strict;
        _reader = new Utf8JsonReader(utf8, ReaderOptions);
    }

    /// <summary>How deep a reader goes.</summary>
    public static JsonReaderOptions ReaderOptions => new() { MaxDepth = JsonLimits.DepthMax };

    /// <summary>Reads the document.</summary>
    /// <exception cref="DecodeException">It is not of the type.</exception>
    public JsonObject Read(FieldType type)
    {
        try
        {
            _reader.Read();
            var result = ReadValue(type, "") as JsonObject ?? type.Shape.Zero();
            return _mismatch is null ? result : throw new DecodeException(_mismatch);
        }
        catch (JsonException)
        {
            throw new DecodeException("exceeded max depth");
        }
    }

    private JsonNode? ReadValue(FieldType type, string owner)
    {
        var token = _reader.TokenType;
        if (token == JsonTokenType.Null)
            return null;
        switch (type.Kind)
        {
            case FieldKind.Object when token == JsonTokenType.StartObject:
                return ReadObject(type);
            case FieldKind.Map when token == JsonTokenType.StartObject:
                return ReadMap(type, owner);
            case FieldKind.Array when token == JsonTokenType.StartArray:
                return ReadArray(type, owner);
            case FieldKind.String when token == JsonTokenType.String:
                return JsonValue.Create(JsonText.TextOf(ref _reader));
            case FieldKind.Int32 when token == JsonTokenType.Number:
                if (_reader.TryGetInt32(out var narrow))
                    return JsonValue.Create(narrow);
                return Mismatch(type, owner, $"number {RawText()}");
            case FieldKind.Int64 when token == JsonTokenType.Number:
                if (_reader.TryGetInt64(out var wide))
                    return JsonValue.Create(wide);
                return Mismatch(type, owner, $"number {RawText()}");
            case FieldKind.Number when token == JsonTokenType.Number:
                if (_reader.TryGetDouble(out var real) && double.IsFinite(real))
                    return JsonValue.Create(JsonElement.ParseValue(ref _reader));
                return Mismatch(type, owner, $"number {RawText()}");
            case FieldKind.Boolean when token is JsonTokenType.True or JsonTokenType.False:
                return JsonValue.Create(token == JsonTokenType.True);
            case FieldKind.Raw:
                return ReadRaw();
            case FieldKind.IntOrString:
                return ReadIntOrString();
            case FieldKind.Quantity:
                return ReadQuantity();
            case FieldKind.Time or FieldKind.MicroTime:
                return ReadTime(type.Kind == FieldKind.MicroTime);
            case FieldKind.Bytes when token == JsonTokenType.String:
                return ReadBytes();
            default:
                return Mismatch(type, owner, JsonText.Told(ref _reader));
        }
    }

    private JsonObject ReadObject(FieldType type)
    {
        var shape = type.Shape;
        var result = new JsonObject();
        HashSet<string>? dropped = null;
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            var field = FindField(shape);
            if (field is null)
            {
                ReadUnknown(type, result);
                continue;
            }
            if (result.ContainsKey(field.Name) || dropped?.Contains(field.Name) == true)
                TellStrict("duplicate", field.Name);
            _path.Add(new Step(field.Name, IsField: true, Index: -1));
            _reader.Read();
            var isReset = field.Name == "managedFields" && _reader.TokenType == JsonTokenType.StartArray;
            var value = ReadValue(field.Type, shape.GoName);
            if (isReset && value is JsonArray { Count: 0 })
                value = new JsonArray(new JsonObject());
            // An empty list that Go writes is not nil, until it has been through etcd: who sent it owns it.
            var isSent = _path.Count == 1 && field.Zero == ZeroRule.Written && field.Type.Kind == FieldKind.Array;
            if (!field.IsPointer && !isSent && IsZero(value, field.Type.Kind))
                value = null;
            if (value is not null)
            {
                result[field.Name] = value;
            }
            else
            {
                result.Remove(field.Name);
                if (_strict is not null)
                    (dropped ??= new(StringComparer.Ordinal)).Add(field.Name);
            }
            _path.RemoveAt(_path.Count - 1);
        }
        shape.Complete(result);
        return result;
    }

    private Field? FindField(ObjectShape shape)
    {
        if (_reader.ValueIsEscaped || _reader.ValueSpan.Length > NameCharsMax)
            return shape.Find(JsonText.TextOf(ref _reader));
        Span<char> name = stackalloc char[NameCharsMax];
        return shape.Find(name[..Encoding.UTF8.GetChars(_reader.ValueSpan, name)]);
    }

    private void ReadUnknown(FieldType type, JsonObject into)
    {
        var name = JsonText.TextOf(ref _reader);
        _reader.Read();
        if (type.KeepsUnknown)
        {
            if (into.ContainsKey(name))
                TellStrict("duplicate", name);
            _path.Add(new Step(name, IsField: false, Index: -1));
            into[name] = ReadUntyped();
            _path.RemoveAt(_path.Count - 1);
            return;
        }
        TellStrict("unknown", name);
        _reader.Skip();
    }

    // As a map[string]interface{}: everything is kept; of repeated keys, which are told, the last counts.
    private JsonNode? ReadUntyped()
    {
        switch (_reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var fields = new JsonObject();
                while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
                {
                    var name = JsonText.TextOf(ref _reader);
                    if (fields.ContainsKey(name))
                        TellStrict("duplicate", name);
                    _path.Add(new Step(name, IsField: false, Index: -1));
                    _reader.Read();
                    fields[name] = ReadUntyped();
                    _path.RemoveAt(_path.Count - 1);
                }
                return fields;
            case JsonTokenType.StartArray:
                var items = new JsonArray();
                while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
                {
                    _path.Add(new Step(null, IsField: false, items.Count));
                    items.Add(ReadUntyped());
                    _path.RemoveAt(_path.Count - 1);
                }
                return items;
            case JsonTokenType.Number when !_reader.TryGetDouble(out var real) || !double.IsFinite(real):
                throw new DecodeException($"json: cannot unmarshal number {RawText()} into Go value of type float64");
            default:
                return ReadRaw();
        }
    }

    private JsonObject ReadMap(FieldType type, string owner)
    {
        var result = new JsonObject();
        while (_reader.Read() && _reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = JsonText.TextOf(ref _reader);
            if (result.ContainsKey(key))
                TellStrict("duplicate", key);
            _path.Add(new Step(key, IsField: false, Index: -1));
            _reader.Read();
            result[key] = ReadValue(type.Item!, owner) ?? Zero(type.Item!);
            _path.RemoveAt(_path.Count - 1);
        }
        return result;
    }

    private JsonArray ReadArray(FieldType type, string owner)
    {
        var result = new JsonArray();
        while (_reader.Read() && _reader.TokenType != JsonTokenType.EndArray)
        {
            _path.Add(new Step(null, IsField: false, result.Count));
            result.Add(ReadValue(type.Item!, owner) ?? Zero(type.Item!));
            _path.RemoveAt(_path.Count - 1);
        }
        return result;
    }

    private static JsonNode? Zero(FieldType type) => type.Kind == FieldKind.Bytes ? JsonValue.Create("") : type.Zero();

    private JsonNode? ReadRaw()
    {
        if (_reader.TokenType == JsonTokenType.String)
            return JsonValue.Create(JsonText.TextOf(ref _reader));
        return JsonText.Repaired(JsonElement.ParseValue(ref _reader));
    }

    private JsonNode ReadIntOrString()
    {
        if (_reader.TokenType == JsonTokenType.String)
            return JsonValue.Create(JsonText.TextOf(ref _reader));
        if (_reader.TokenType == JsonTokenType.Number && _reader.TryGetInt32(out var number))
            return JsonValue.Create(number);
        throw new DecodeException($"json: cannot unmarshal {(_reader.TokenType == JsonTokenType.Number ? $"number {RawText()}" : JsonText.Told(ref _reader))} into Go value of type int32");
    }

    private JsonNode ReadQuantity()
    {
        if (_reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number))
            throw new DecodeException(Quantity.Malformed);
        var text = (_reader.TokenType == JsonTokenType.String ? JsonText.TextOf(ref _reader) : RawText()).Trim();
        return Quantity.TryCanonicalise(text, out var canonical, out var complaint) ? JsonValue.Create(canonical) : throw new DecodeException(complaint);
    }

    private JsonNode ReadTime(bool micro)
    {
        if (_reader.TokenType != JsonTokenType.String)
            throw new DecodeException($"json: cannot unmarshal {JsonText.Told(ref _reader)} into Go value of type string");
        if (GoTime.Parse(JsonText.TextOf(ref _reader), micro, out var complaint) is not { } time)
            throw new DecodeException(complaint!);
        return JsonValue.Create(micro ? time.StampMicro() : time.Stamp());
    }

    private JsonNode ReadBytes() => GoBase64.TryCanonicalise(JsonText.TextOf(ref _reader), out var canonical, out var complaint)
        ? JsonValue.Create(canonical)
        : throw new DecodeException(complaint);

    private JsonNode? Mismatch(FieldType type, string owner, string found)
    {
        if (_mismatch is null)
        {
            var fields = string.Join('.', _path.Where(step => step.IsField).Select(step => step.Name));
            _mismatch = fields.Length == 0
                ? $"json: cannot unmarshal {found} into Go value of type {type.GoName}"
                : $"json: cannot unmarshal {found} into Go struct field {owner}.{fields} of type {type.GoName}";
        }
        _reader.Skip();
        return null;
    }

    private readonly void TellStrict(string what, string name)
    {
        if (_strict is null || _strict.Count >= StrictErrorsMax)
            return;
        var path = new StringBuilder();
        foreach (var step in _path)
        {
            if (step.Name is null)
                path.Append('[').Append(step.Index.ToString(CultureInfo.InvariantCulture)).Append(']');
            else
                path.Append(path.Length > 0 ? "." : "").Append(step.Name);
        }
        var told = $"{what} field \"{path.Append(path.Length > 0 ? "." : "").Append(name)}\"";
        if (!_strict.Contains(told))
            _strict.Add(told);
    }

    private static bool IsZero(JsonNode? value, FieldKind kind) => kind switch
    {
        FieldKind.Map => value is JsonObject { Count: 0 },
        FieldKind.Array => value is JsonArray { Count: 0 },
        FieldKind.String or FieldKind.Bytes => value is JsonValue text && text.GetValue<string>().Length == 0,
        FieldKind.Int32 => value is JsonValue number && number.GetValue<int>() == 0,
        FieldKind.Int64 => value is JsonValue number && number.GetValue<long>() == 0,
        FieldKind.Boolean => value is JsonValue flag && !flag.GetValue<bool>(),
        _ => false,
    };

    private readonly string RawText() => Encoding.UTF8.GetString(_reader.ValueSpan);

    private readonly record struct Step(string? Name, bool IsField, int Index);
}
