using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Machinery;
using ClusterSim.Schema;
using ClusterSim.Schema.Protobuf;
using Google.Protobuf;

namespace ClusterSim.Tests.Schema;

/// <summary>Messages made up from the table of fields, each with what it means in JSON.</summary>
internal sealed class ProtobufExample(Random random, TypeSchema types)
{
    private const int DepthMax = 5;

    /// <summary>One of these.</summary>
    public T OneOf<T>(IReadOnlyList<T> among) => among[random.Next(among.Count)];

    /// <summary>A message's bytes in the form that Kubernetes' API wants.</summary>
    public static byte[] Envelope(GroupVersionKind kind, byte[] message) => [.. "k8s\0"u8, .. Written(output =>
    {
        Bytes(output, 1, Written(type =>
        {
            Text(type, 1, kind.GroupVersion.ToString());
            Text(type, 2, kind.Kind);
        }));
        Bytes(output, 2, message);
        Text(output, 3, "");
        Text(output, 4, "");
    })];

    /// <summary>A message with some of its fields.</summary>
    public (byte[] Bytes, JsonObject Json) Message(string name, int depth)
    {
        var json = new JsonObject();
        return (Written(output => Write(output, json, name, depth)), json);
    }

    private void Write(CodedOutputStream output, JsonObject json, string name, int depth)
    {
        foreach (var (number, field) in ProtobufFields.Default.Find(name)!.OrderBy(field => field.Key))
        {
            if (random.Next(3) > 0 || (depth >= DepthMax && field.Type.StartsWith("io.", StringComparison.Ordinal)))
                continue;
            if (field.Name.Length == 0)
            {
                Bytes(output, number, Written(embedded => Write(embedded, json, field.Type, depth + 1)));
                continue;
            }
            switch (field.Label)
            {
                case ProtobufLabel.Single:
                    // Go writes empty values that are no pointers, and leaves them out of JSON.
                    var value = Value(output, number, field, depth);
                    if (!IsEmpty(value) || types.Message(name)!.ByNumber[number].Go is not { IsPointer: false, OmitsEmpty: true })
                        json[field.Name] = value;
                    break;
                case ProtobufLabel.Repeated:
                    json[field.Name] = new JsonArray([.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => Value(output, number, field, depth))]);
                    break;
                default:
                    var map = new JsonObject();
                    for (var count = random.Next(1, 4); count > 0; count--)
                        Bytes(output, number, Written(entry =>
                        {
                            var key = "k" + count.ToString(CultureInfo.InvariantCulture);
                            Text(entry, 1, key);
                            map[key] = Value(entry, 2, field, depth);
                        }));
                    json[field.Name] = map;
                    break;
            }
        }
    }

    private static bool IsEmpty(JsonNode? value) => value?.ToJsonString() is null or "\"\"" or "0" or "false";

    private JsonNode? Value(CodedOutputStream output, int number, ProtobufField field, int depth)
    {
        if (!field.IsList)
            return Item(output, number, field.Type, depth);
        var list = new JsonArray();
        Bytes(output, number, Written(wrapper =>
        {
            for (var count = random.Next(3); count > 0; count--)
                list.Add(Item(wrapper, 1, field.Type, depth));
        }));
        return list;
    }

    private JsonNode? Item(CodedOutputStream output, int number, string type, int depth)
    {
        switch (type)
        {
            case "string":
                var text = OneOf(["", "a", "ä€😀", "\"\\"]);
                Text(output, number, text);
                return text;
            case "bytes":
                var bytes = new byte[random.Next(5)];
                random.NextBytes(bytes);
                Bytes(output, number, bytes);
                return Convert.ToBase64String(bytes);
            case "bool":
                var flag = random.Next(2) == 1;
                output.WriteTag(number, WireFormat.WireType.Varint);
                output.WriteBool(flag);
                return flag;
            case "int32":
                var narrow = OneOf([0, 1, -1, int.MinValue, int.MaxValue]);
                output.WriteTag(number, WireFormat.WireType.Varint);
                output.WriteInt32(narrow);
                return narrow;
            case "int64":
                var wide = OneOf([0L, 1, -1, long.MinValue, long.MaxValue]);
                output.WriteTag(number, WireFormat.WireType.Varint);
                output.WriteInt64(wide);
                return wide;
            case "double":
                var real = OneOf([0.0, -1.5, 1e300]);
                output.WriteTag(number, WireFormat.WireType.Fixed64);
                output.WriteDouble(real);
                return real;
        }
        var (message, json) = Special(type[(type.LastIndexOf('.') + 1)..], depth) ?? Message(type, depth + 1);
        Bytes(output, number, message);
        return json;
    }

    private (byte[] Bytes, JsonNode? Json)? Special(string type, int depth)
    {
        switch (type)
        {
            case "Quantity":
                return (Written(output => Text(output, 1, "1500m")), "1500m");
            case "IntOrString" when random.Next(2) == 0:
                return (Written(output => { Number(output, 1, 0); Number(output, 2, 8080); Text(output, 3, ""); }), 8080);
            case "IntOrString":
                return (Written(output => { Number(output, 1, 1); Number(output, 2, 0); Text(output, 3, "50%"); }), "50%");
            case "Time" when random.Next(3) == 0:
                return ([], null);
            case "Time":
                return (Written(output => { Number(output, 1, 1767322985); Number(output, 2, 0); }), "2026-01-02T03:03:05Z");
            case "MicroTime":
                return (Written(output => { Number(output, 1, 1767322985); Number(output, 2, 123456000); }), "2026-01-02T03:03:05.123456Z");
            case "FieldsV1" or "JSON":
                return (Written(output => Bytes(output, 1, Encoding.UTF8.GetBytes("""{"f:a":{}}"""))), JsonNode.Parse("""{"f:a":{}}"""));
            case "RawExtension":
                var (inner, json) = Message("io.k8s.api.core.v1.Secret", depth + 1);
                json["apiVersion"] = "v1";
                json["kind"] = "Secret";
                return (Written(output => Bytes(output, 1, Envelope(new("", "v1", "Secret"), inner))), json);
            case "JSONSchemaPropsOrBool":
                return (Written(output => Number(output, 1, 1)), true);
            case "JSONSchemaPropsOrStringArray":
                return (Written(output => { Text(output, 2, "a"); Text(output, 2, "b"); }), new JsonArray("a", "b"));
            case "JSONSchemaPropsOrArray":
                var (schema, said) = Message("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps", depth + 1);
                return (Written(output => Bytes(output, 1, schema)), said);
            default:
                return null;
        }
    }

    private static byte[] Written(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, leaveOpen: true))
            write(output);
        return stream.ToArray();
    }

    private static void Text(CodedOutputStream output, int number, string text) => Bytes(output, number, Encoding.UTF8.GetBytes(text));

    private static void Number(CodedOutputStream output, int number, long value)
    {
        output.WriteTag(number, WireFormat.WireType.Varint);
        output.WriteInt64(value);
    }

    private static void Bytes(CodedOutputStream output, int number, byte[] bytes)
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(ByteString.CopyFrom(bytes));
    }
}
