using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Client;
using ClusterSim.Manifests;
using ClusterSim.Registry;
using ClusterSim.Requests;
using ClusterSim.Schema;
using ClusterSim.Storage;

namespace ClusterSim;

public sealed partial class SimulatedCluster
{
    /// <summary>Server-side apply, with strict field checks, of a file, a folder of files, or a folder with a kustomization.</summary>
    /// <returns>What was applied, in order.</returns>
    /// <exception cref="ManifestException">It cannot be read, or the API refuses an object; the message tells where it stands and why.</exception>
    public IReadOnlyList<Manifest> Apply(string path)
    {
        var manifests = Directory.Exists(path) && File.Exists(Path.Combine(path, "kustomization.yaml")) ? Kustomization.Build(path) : ManifestFiles.ReadPath(path);
        foreach (var manifest in manifests)
            Apply(manifest);
        return manifests;
    }

    /// <summary>Applies objects given as YAML or JSON.</summary>
    /// <inheritdoc cref="Apply(string)"/>
    public IReadOnlyList<Manifest> ApplyYaml(string yaml)
    {
        var manifests = ManifestFiles.Read(yaml, "the given YAML");
        foreach (var manifest in manifests)
            Apply(manifest);
        return manifests;
    }

    /// <summary>Applies one object.</summary>
    /// <inheritdoc cref="Apply(string)"/>
    public void Apply(Manifest manifest)
    {
        var (group, version) = GroupVersion.Parse(manifest.ApiVersion);
        var kind = new GroupVersionKind(group, version, manifest.Kind);
        var resource = Server.Catalog.Find(kind)
            ?? throw new ManifestException($"{manifest.Source}: no matches for kind \"{manifest.Kind}\" in version \"{manifest.ApiVersion}\"");
        try
        {
            var decoded = Decoder.Decode(manifest.Object.ToUtf8(), MediaKind.Json, kind, FieldValidation.Strict).Object;
            var stored = Server.Catalog.Stored(resource.GroupResource) ?? resource;
            var converted = VersionConversion.Convert(decoded, resource, stored);
            if (stored.Namespaced && manifest.Namespace.Length == 0)
                converted.Ensure("metadata")["namespace"] = "default";
            Admin.Apply(stored, converted);
        }
        catch (KubernetesApiException refused)
        {
            throw new ManifestException($"{manifest.Source}: {refused.Message}");
        }
    }

    /// <summary>The objects of a resource (<c>pods</c>, <c>deployments.apps</c>) as they are now; of one namespace where one is named.</summary>
    public IReadOnlyList<JsonElement> List(string resource, string? @namespace = null, string? labelSelector = null)
    {
        var selector = labelSelector is null ? LabelSelector.Everything : LabelSelector.Parse(labelSelector);
        var type = Resource(resource);
        return [.. Admin.List(type, type.Namespaced ? @namespace : null).Where(document => selector.Matches(document.Labels)).Select(document => document.Root)];
    }

    /// <summary>One object as it is now; null where there is none.</summary>
    public JsonElement? Find(string resource, string? @namespace, string name) => Admin.Find(Resource(resource), new(@namespace, name))?.Root;

    /// <summary>Deletes an object, in the background; absent is no error.</summary>
    /// <param name="resource">Its resource.</param>
    /// <param name="namespace">Its namespace; null for cluster-scoped ones.</param>
    /// <param name="name">Its name.</param>
    /// <param name="gracePeriodSeconds">How long a pod may take to end; null: its own grace period.</param>
    public void Delete(string resource, string? @namespace, string name, int? gracePeriodSeconds = null) =>
        Admin.Delete(Resource(resource), new(@namespace, name), new DeleteOptions { GracePeriodSeconds = gracePeriodSeconds, PropagationPolicy = "Background" });

    private ResourceType Resource(string name)
    {
        var (plain, group) = name.Split('.', 2) is [var first, var rest] ? (first, rest) : (name, (string?)null);
        var found = Server.Catalog.All.FirstOrDefault(type => (group is null || type.Group == group) && (type.Name == plain || type.SingularName == plain || type.ShortNames.Contains(plain)))
            ?? throw new ArgumentException($"the cluster has no resource \"{name}\"", nameof(name));
        return Server.Catalog.Stored(found.GroupResource)!;
    }
}
