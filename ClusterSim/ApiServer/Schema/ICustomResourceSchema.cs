using System.Text.Json.Nodes;

namespace ClusterSim.Schema;

/// <summary>The types of a custom resource in one version, as its CustomResourceDefinition declares them.</summary>
internal interface ICustomResourceSchema
{
    /// <summary>The type that request bodies are decoded with: metadata is typed, the rest is kept.</summary>
    FieldType Envelope { get; }

    /// <summary>The type that server-side apply works with.</summary>
    ObjectType Type { get; }

    /// <summary>Prunes unknown fields and nulls of <paramref name="object"/> and sets its defaults, in place.</summary>
    /// <param name="object">The object; its kind is that of this version.</param>
    /// <param name="dropped">Receives the paths of pruned fields; null where they are not needed.</param>
    /// <exception cref="DecodeException">Metadata of an embedded object is malformed.</exception>
    void Coerce(JsonObject @object, List<string>? dropped = null);
}
