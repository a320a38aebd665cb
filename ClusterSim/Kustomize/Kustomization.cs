using System.Text.Json.Nodes;
using ClusterSim.Kustomize.Kyaml;
using ClusterSim.Kustomize.Target;

namespace ClusterSim.Manifests;

/// <summary>
/// Renders a kustomization as <c>kubectl kustomize</c> does, without kubectl and without a cluster: every field of <c>kustomization.yaml</c>, with the
/// exception of remote resources, plugins and Helm charts, which are rejected with an error that names the way out (docs/kustomize.md).
/// </summary>
public static class Kustomization
{
    /// <summary>Renders the kustomization of a folder; returns the objects in the order to apply them in.</summary>
    /// <exception cref="ManifestException">The kustomization cannot be rendered; the message names the file and the field.</exception>
    public static IReadOnlyList<Manifest> Build(string folder)
    {
        try
        {
            return [.. Kustomizer.Run(folder).Select(resource => new Manifest((JsonObject)ToJson(resource), resource.Source))];
        }
        catch (KustomizeException ex)
        {
            throw new ManifestException(ex.Message);
        }
    }

    /// <summary>Renders the kustomization of a folder as YAML, as <c>kubectl kustomize</c> prints it.</summary>
    /// <exception cref="ManifestException">The kustomization cannot be rendered; the message names the file and the field.</exception>
    public static string BuildYaml(string folder) => KubernetesYaml.Write(Build(folder).Select(manifest => manifest.Object));

    /// <summary>Returns whether a folder has a kustomization.</summary>
    public static bool IsIn(string folder) => KustomizationFile.IsIn(folder);

    private static JsonNode ToJson(ClusterSim.Kustomize.Resources.Resource resource)
    {
        try
        {
            return resource.Node.ToJson()!;
        }
        catch (KustomizeException ex)
        {
            throw ex.At($"{resource.Source}: {resource.CurrentId}");
        }
    }
}
