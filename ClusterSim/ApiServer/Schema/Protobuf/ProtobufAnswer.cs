using System.Globalization;
using System.Text.Json;
using Google.Protobuf;

namespace ClusterSim.Schema.Protobuf;

/// <summary>
/// Writes objects as <c>application/vnd.kubernetes.protobuf</c>: four bytes <c>k8s\0</c>, then a <c>runtime.Unknown</c> with kind, version and the
/// object's message. As Go's generated code, it writes every value that is no pointer, and keys of maps in order.
/// </summary>
/// <param name="schema">The kinds and how Go declares their fields.</param>
internal sealed class ProtobufAnswer(TypeSchema schema)
{
    private const string Machinery = "io.k8s.apimachinery.pkg.";
    private const string Extensions = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.";
    private const int UnixNanosecondsPerTick = 100;

    /// <summary>Writes an object.</summary>
    /// <param name="object">The object with kind and apiVersion.</param>
    /// <exception cref="InvalidOperationException">The kind has no message.</exception>
    public byte[] Write(JsonElement @object)
    {
        using var writer = new BackwardWriter();
        WriteEnvelope(writer, @object);
        return writer.Written.ToArray();
    }

    /// <summary>Writes an event of a watch: the length in four bytes, then a <c>WatchEvent</c> that holds the object.</summary>
    /// <param name="type"><c>ADDED</c>, <c>MODIFIED</c>, <c>DELETED</c>, <c>BOOKMARK</c> or <c>ERROR</c>.</param>
    /// <param name="object">The object with kind and apiVersion.</param>
    public byte[] WriteEvent(string type, JsonElement @object)
    {
        using var writer = new BackwardWriter();
        WriteEnvelope(writer, @object);
        writer.Close(1, 0);
        writer.Close(2, 0);
        var end = writer.Length;
        writer.Text(type);
        writer.Close(1, end);
        var length = (uint)writer.Length;
        writer.Bytes([(byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length]);
        return writer.Written.ToArray();
    }

    private void WriteEnvelope(BackwardWriter writer, JsonElement @object)
    {
        var (version, kind) = (@object.At("apiVersion").Text(""), @object.At("kind").Text(""));
        var message = schema.MessageOf(new(GroupVersion.Parse(version).Group, GroupVersion.Parse(version).Version, kind));
        // APIVersions names no version.
        message ??= version.Length == 0 ? schema.MessageOf(new("", "v1", kind)) : null;
        if (message is null || schema.Message(message) is not { } fields)
            throw new InvalidOperationException($"{version} {kind} has no message in protobuf: the answer should be JSON");
        WriteText(writer, 4, "");
        WriteText(writer, 3, "");
        var end = writer.Length;
        WriteFields(writer, fields, @object);
        writer.Close(2, end);
        end = writer.Length;
        WriteText(writer, 2, kind);
        WriteText(writer, 1, version);
        writer.Close(1, end);
        writer.Bytes("k8s\0"u8);
    }

    private void WriteFields(BackwardWriter writer, ProtobufMessage message, JsonElement value)
    {
        foreach (var field in message.Descending)
        {
            if (field.Wire.Name.Length == 0)
            {
                // Embedded: its fields are the parent's.
                WriteMessage(writer, field.Number, field.Wire.Type, value);
                continue;
            }
            var found = value.At(field.Wire.Name);
            switch (field.Wire.Label)
            {
                case ProtobufLabel.Repeated:
                    if (found.ValueKind == JsonValueKind.Array)
                        for (var i = found.GetArrayLength() - 1; i >= 0; i--)
                            WriteValue(writer, field.Number, field.Wire, found[i]);
                    break;
                case ProtobufLabel.Map:
                    foreach (var entry in found.Fields().OrderByDescending(entry => entry.Name, StringComparer.Ordinal))
                    {
                        var end = writer.Length;
                        WriteValue(writer, 2, field.Wire, entry.Value);
                        WriteText(writer, 1, entry.Name);
                        writer.Close(field.Number, end);
                    }
                    break;
                default:
                    if (found.Exists() || (!field.Go.IsPointer && field.Wire.Type != "bytes" && !field.Wire.IsList))
                        WriteValue(writer, field.Number, field.Wire, found);
                    break;
            }
        }
    }

    private void WriteValue(BackwardWriter writer, int number, ProtobufField field, JsonElement value)
    {
        if (!field.IsList)
        {
            WriteScalarOrMessage(writer, number, field.Type, value);
            return;
        }
        var end = writer.Length;
        for (var i = value.Count() - 1; i >= 0; i--)
            WriteScalarOrMessage(writer, 1, field.Type, value[i]);
        writer.Close(number, end);
    }

    private void WriteScalarOrMessage(BackwardWriter writer, int number, string type, JsonElement value)
    {
        switch (type)
        {
            case "string":
                WriteText(writer, number, value.Text(""));
                break;
            case "bytes":
                var end = writer.Length;
                writer.Bytes(value.ValueKind == JsonValueKind.String ? value.GetBytesFromBase64() : []);
                writer.Close(number, end);
                break;
            case "bool":
                writer.Varint(value.Flag(false) ? 1UL : 0);
                writer.Tag(number, WireFormat.WireType.Varint);
                break;
            case "int32" or "int64":
                writer.Varint((ulong)(value.Integer() ?? 0));
                writer.Tag(number, WireFormat.WireType.Varint);
                break;
            case "double":
                writer.Fixed64(value.ValueKind == JsonValueKind.Number ? value.GetDouble() : 0);
                writer.Tag(number, WireFormat.WireType.Fixed64);
                break;
            default:
                WriteMessage(writer, number, type, value);
                break;
        }
    }

    private void WriteMessage(BackwardWriter writer, int number, string type, JsonElement value)
    {
        var end = writer.Length;
        switch (type)
        {
            case Machinery + "api.resource.Quantity":
                WriteText(writer, 1, value.ValueKind == JsonValueKind.Number ? value.GetRawText() : value.Text("0"));
                break;
            case Machinery + "util.intstr.IntOrString":
                WriteText(writer, 3, value.Text(""));
                WriteNumber(writer, 2, value.ValueKind == JsonValueKind.Number ? value.Integer() ?? 0 : 0);
                WriteNumber(writer, 1, value.ValueKind == JsonValueKind.String ? 1 : 0);
                break;
            case Machinery + "apis.meta.v1.Time" or Machinery + "apis.meta.v1.MicroTime":
                if (value.Text() is { } stamp && DateTimeOffset.TryParse(stamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
                {
                    WriteNumber(writer, 2, time.UtcTicks % TimeSpan.TicksPerSecond * UnixNanosecondsPerTick);
                    WriteNumber(writer, 1, time.ToUnixTimeSeconds());
                }
                break;
            case Machinery + "apis.meta.v1.FieldsV1" or Machinery + "runtime.RawExtension" or Extensions + "JSON":
                if (value.ValueKind != JsonValueKind.Undefined)
                    WriteText(writer, 1, value.GetRawText());
                break;
            case Extensions + "JSONSchemaPropsOrArray":
                if (value.ValueKind == JsonValueKind.Array)
                    for (var i = value.GetArrayLength() - 1; i >= 0; i--)
                        WriteMessage(writer, 2, Extensions + "JSONSchemaProps", value[i]);
                else if (value.Exists())
                    WriteMessage(writer, 1, Extensions + "JSONSchemaProps", value);
                break;
            case Extensions + "JSONSchemaPropsOrBool":
                if (value.ValueKind == JsonValueKind.Object)
                    WriteMessage(writer, 2, Extensions + "JSONSchemaProps", value);
                // A schema allows what it describes.
                WriteNumber(writer, 1, value.ValueKind is JsonValueKind.Object or JsonValueKind.True ? 1 : 0);
                break;
            case Extensions + "JSONSchemaPropsOrStringArray":
                if (value.ValueKind == JsonValueKind.Array)
                    for (var i = value.GetArrayLength() - 1; i >= 0; i--)
                        WriteText(writer, 2, value[i].Text(""));
                else if (value.Exists())
                    WriteMessage(writer, 1, Extensions + "JSONSchemaProps", value);
                break;
            default:
                WriteFields(writer, schema.Message(type) ?? throw new InvalidOperationException($"{type} has no message in protobuf"), value);
                break;
        }
        writer.Close(number, end);
    }

    private static void WriteText(BackwardWriter writer, int number, string text)
    {
        var end = writer.Length;
        writer.Text(text);
        writer.Close(number, end);
    }

    private static void WriteNumber(BackwardWriter writer, int number, long value)
    {
        writer.Varint((ulong)value);
        writer.Tag(number, WireFormat.WireType.Varint);
    }
}
