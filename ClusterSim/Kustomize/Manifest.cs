using System.Text.Json.Nodes;

namespace ClusterSim.Manifests;

/// <summary>An object of a manifest file.</summary>
/// <param name="Object">The object.</param>
/// <param name="Source">The place of the object: file, line and document.</param>
public sealed record Manifest(JsonObject Object, string Source)
{
    /// <summary>The apiVersion.</summary>
    public string ApiVersion => Object.Text("apiVersion") ?? "";

    /// <summary>The kind.</summary>
    public string Kind => Object.Text("kind") ?? "";

    /// <summary>The name; empty where there is none.</summary>
    public string Name => (Object["metadata"] as JsonObject).Text("name") ?? "";

    /// <summary>The namespace; empty where the manifest names none.</summary>
    public string Namespace => (Object["metadata"] as JsonObject).Text("namespace") ?? "";

    /// <summary>The apiVersion, kind, namespace and name, for messages.</summary>
    public string Identity => Namespace.Length == 0 ? $"{ApiVersion} {Kind} {Name}" : $"{ApiVersion} {Kind} {Namespace}/{Name}";

    /// <summary>Reads a file, or the files of a folder in the order of their names, as <c>kubectl apply -f</c> does. A kustomization is not rendered: see <see cref="Kustomization"/>.</summary>
    /// <exception cref="ManifestException">The path does not exist, or a file is malformed.</exception>
    /// <param name="path">The file or folder.</param>
    /// <param name="recursive">Whether the folders below are read too, as with <c>kubectl apply -R</c>.</param>
    public static IReadOnlyList<Manifest> Read(string path, bool recursive = false) => ManifestFiles.ReadPath(path, recursive);

    /// <summary>Reads a text of YAML or JSON documents.</summary>
    /// <param name="text">The text.</param>
    /// <param name="source">The name of the text in messages.</param>
    /// <exception cref="ManifestException">The text is malformed; the message names the place.</exception>
    public static IReadOnlyList<Manifest> Parse(string text, string source = "the given YAML") => ManifestFiles.Read(text, source);
}
