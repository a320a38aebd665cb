using System.Text.Json.Nodes;

namespace ClusterSim.Manifests;

/// <summary>An object as a file gives it.</summary>
/// <param name="Object">The object.</param>
/// <param name="Source">Where it stands: file and line.</param>
public sealed record Manifest(JsonObject Object, string Source)
{
    /// <summary>Its apiVersion.</summary>
    public string ApiVersion => Object.Text("apiVersion") ?? "";

    /// <summary>Its kind.</summary>
    public string Kind => Object.Text("kind") ?? "";

    /// <summary>Its name; empty where it has none.</summary>
    public string Name => (Object["metadata"] as JsonObject).Text("name") ?? "";

    /// <summary>Its namespace; empty where it names none.</summary>
    public string Namespace => (Object["metadata"] as JsonObject).Text("namespace") ?? "";

    /// <summary>What tells it from others, for messages.</summary>
    public string Identity => Namespace.Length == 0 ? $"{ApiVersion} {Kind} {Name}" : $"{ApiVersion} {Kind} {Namespace}/{Name}";
}

/// <summary>A file cannot be read as manifests; the message names it, the place, and what would be right.</summary>
public sealed class ManifestException(string message) : Exception(message);
