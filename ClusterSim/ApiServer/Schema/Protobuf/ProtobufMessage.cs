using System.Collections.Frozen;

namespace ClusterSim.Schema.Protobuf;

/// <summary>A message with what Go's declaration adds to its fields.</summary>
internal sealed class ProtobufMessage
{
    /// <summary>A message of these fields.</summary>
    /// <param name="name">Its full name.</param>
    /// <param name="fields">Its fields by number.</param>
    /// <param name="declaration">How Go declares a field, by its name in JSON.</param>
    public ProtobufMessage(string name, IReadOnlyDictionary<int, ProtobufField> fields, Func<string, GoDeclaration> declaration)
    {
        Name = name;
        Descending = [.. fields.OrderByDescending(field => field.Key).Select(field => new ProtobufMessageField(field.Key, field.Value, declaration(field.Value.Name)))];
        ByNumber = Descending.ToFrozenDictionary(field => field.Number);
    }

    /// <summary>The full name, such as <c>io.k8s.api.core.v1.Pod</c>.</summary>
    public string Name { get; }

    /// <summary>The fields by number.</summary>
    public FrozenDictionary<int, ProtobufMessageField> ByNumber { get; }

    /// <summary>The fields from the highest number to the lowest: messages are written from their end.</summary>
    public IReadOnlyList<ProtobufMessageField> Descending { get; }
}

/// <summary>A field of a message.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Wire">Its name in JSON and its type in protobuf.</param>
/// <param name="Go">Its declaration in Go: a value that is no pointer is written even when it is zero.</param>
internal sealed record ProtobufMessageField(int Number, ProtobufField Wire, GoDeclaration Go);
