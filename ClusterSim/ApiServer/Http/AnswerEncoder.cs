using System.Text.Json;
using ClusterSim.Schema;
using ClusterSim.Schema.Protobuf;

namespace ClusterSim.Http;

/// <summary>Writes answers in what the client accepts; a feature of each request.</summary>
internal sealed class AnswerEncoder(TypeSchema schema)
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = int.MaxValue };

    private readonly ProtobufAnswer _protobuf = new(schema);

    /// <summary>The bytes of an object.</summary>
    /// <param name="utf8">The object in JSON.</param>
    /// <param name="encoding">What to write it in.</param>
    public ReadOnlyMemory<byte> Encode(ReadOnlyMemory<byte> utf8, AnswerEncoding encoding) => encoding switch
    {
        AnswerEncoding.Yaml => YamlWriting.FromJson(JsonElement.Parse(utf8.Span, Deep)),
        AnswerEncoding.Protobuf => _protobuf.Write(JsonElement.Parse(utf8.Span, Deep)),
        _ => utf8,
    };

    /// <summary>The bytes of an event of a watch in protobuf.</summary>
    /// <param name="type">Such as <c>ADDED</c>.</param>
    /// <param name="utf8">The object in JSON.</param>
    public byte[] EncodeEvent(string type, ReadOnlyMemory<byte> utf8) => _protobuf.WriteEvent(type, JsonElement.Parse(utf8.Span, Deep));
}
