using System.Text.Json;
using Google.Protobuf;

namespace ClusterSim.OpenApi;

/// <summary>
/// <c>/openapi/v2</c> in protobuf, the only form that kubectl before 1.27 takes (for apply, create, diff and explain). The messages and their
/// numbers are those of <c>openapiv2/OpenAPIv2.proto</c> of google/gnostic, as far as our documents use them.
/// </summary>
internal static class OpenApiProtobuf
{
    /// <summary>The media type that the answer bears.</summary>
    public const string MediaType = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

    /// <summary>
    /// Whether Accept asks for this form before JSON, by its name of today or the older one, whose @ is none of a media type's letters.
    /// </summary>
    public static bool IsPreferred(string accept)
    {
        var first = accept.Split(',').Select(type => type.Split(';')[0].Trim()).FirstOrDefault(type => type is "application/json" or "*/*" || IsOurs(type));
        return first is not null && IsOurs(first);

        static bool IsOurs(string type) => type is MediaType or "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
    }

    /// <summary>The document in protobuf.</summary>
    /// <param name="document">The document in JSON.</param>
    public static byte[] Write(JsonElement document) => Written(output =>
    {
        Text(output, 1, document.At("swagger"));
        Message(output, 2, info =>
        {
            Text(info, 1, document.At("info", "title"));
            Text(info, 2, document.At("info", "version"));
        });
        Message(output, 8, paths =>
        {
            foreach (var path in document.At("paths").Fields())
                Named(paths, 2, path.Name, item => WritePath(item, path.Value));
        });
        Message(output, 9, definitions =>
        {
            foreach (var definition in document.At("definitions").Fields())
                Named(definitions, 1, definition.Name, schema => WriteSchema(schema, definition.Value));
        });
    });

    private static void WritePath(CodedOutputStream output, JsonElement path)
    {
        foreach (var field in path.EnumerateObject())
        {
            var number = field.Name switch { "get" => 2, "put" => 3, "post" => 4, "delete" => 5, "patch" => 8, _ => 0 };
            if (number > 0)
                Message(output, number, operation => WriteOperation(operation, field.Value));
        }
        foreach (var parameter in path.At("parameters").Items())
            Message(output, 9, item => WriteParameter(item, parameter));
    }

    private static void WriteOperation(CodedOutputStream output, JsonElement operation)
    {
        foreach (var parameter in operation.At("parameters").Items())
            Message(output, 8, item => WriteParameter(item, parameter));
        Message(output, 9, responses =>
        {
            foreach (var response in operation.At("responses").Fields())
                Named(responses, 1, response.Name, value => Message(value, 1, told => Text(told, 1, response.Value.At("description"))));
        });
        WriteExtensions(output, 13, operation);
    }

    // ParametersItem, Parameter and NonBodyParameter are choices, each with one of these inside; parameters of path and query differ in one number.
    private static void WriteParameter(CodedOutputStream output, JsonElement parameter)
    {
        var isPath = parameter.At("in").Text() == "path";
        Message(output, 1, choice => Message(choice, 2, nonBody => Message(nonBody, isPath ? 4 : 3, schema =>
        {
            Flag(schema, 1, parameter.At("required"));
            Text(schema, 2, parameter.At("in"));
            Text(schema, 4, parameter.At("name"));
            Text(schema, isPath ? 5 : 6, parameter.At("type").Exists() ? parameter.At("type") : parameter.At("schema", "type"));
        })));
    }

    private static void WriteSchema(CodedOutputStream output, JsonElement schema)
    {
        Text(output, 1, schema.At("$ref"));
        Text(output, 2, schema.At("format"));
        Text(output, 4, schema.At("description"));
        foreach (var name in schema.At("required").Items())
            Text(output, 19, name);
        foreach (var value in schema.At("enum").Items())
            Message(output, 20, any => Text(any, 2, value.GetRawText()));
        var additional = schema.At("additionalProperties");
        if (additional.ValueKind == JsonValueKind.Object)
            Message(output, 21, item => Message(item, 1, inner => WriteSchema(inner, additional)));
        else if (additional.Exists())
            Message(output, 21, item => Flag(item, 2, additional));
        if (schema.At("type").Exists())
            Message(output, 22, type => Text(type, 1, schema.At("type")));
        if (schema.At("items").Exists())
            Message(output, 23, items => Message(items, 1, inner => WriteSchema(inner, schema.At("items"))));
        if (schema.At("properties").Exists())
        {
            Message(output, 25, properties =>
            {
                foreach (var property in schema.At("properties").Fields())
                    Named(properties, 1, property.Name, inner => WriteSchema(inner, property.Value));
            });
        }
        WriteExtensions(output, 31, schema);
    }

    // A vendor extension's value is YAML, which JSON is.
    private static void WriteExtensions(CodedOutputStream output, int number, JsonElement of)
    {
        foreach (var field in of.EnumerateObject())
            if (field.Name.StartsWith("x-", StringComparison.Ordinal))
                Named(output, number, field.Name, any => Text(any, 2, field.Value.GetRawText()));
    }

    private static void Named(CodedOutputStream output, int number, string name, Action<CodedOutputStream> value) => Message(output, number, entry =>
    {
        entry.WriteTag(1, WireFormat.WireType.LengthDelimited);
        entry.WriteString(name);
        Message(entry, 2, value);
    });

    private static void Message(CodedOutputStream output, int number, Action<CodedOutputStream> write)
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(UnsafeByteOperations.UnsafeWrap(Written(write)));
    }

    private static void Text(CodedOutputStream output, int number, JsonElement text)
    {
        if (text.Text() is { } said)
            Text(output, number, said);
    }

    private static void Text(CodedOutputStream output, int number, string text)
    {
        output.WriteTag(number, WireFormat.WireType.LengthDelimited);
        output.WriteString(text);
    }

    private static void Flag(CodedOutputStream output, int number, JsonElement flag)
    {
        if (flag.Flag() is not { } said)
            return;
        output.WriteTag(number, WireFormat.WireType.Varint);
        output.WriteBool(said);
    }

    private static byte[] Written(Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var output = new CodedOutputStream(stream, bufferSize: 256, leaveOpen: true))
            write(output);
        return stream.ToArray();
    }
}
