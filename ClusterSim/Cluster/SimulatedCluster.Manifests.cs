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
    private static readonly TimeSpan EstablishedLimit = TimeSpan.FromSeconds(10);

    /// <summary>Applies a file, the files of a folder, or the kustomization of a folder (server-side apply, with strict field checks).</summary>
    /// <returns>The applied manifests, in order.</returns>
    /// <exception cref="ManifestException">A file cannot be read; nothing is applied.</exception>
    /// <exception cref="KubernetesApiException">The API rejects an object; the message names its place. The objects before it are applied.</exception>
    public IReadOnlyList<Manifest> Apply(string path)
    {
        var manifests = Kustomization.IsIn(path) ? Kustomization.Build(path) : Manifest.Read(path);
        ApplyInOrder(manifests);
        return manifests;
    }

    /// <summary>Applies objects given as YAML or JSON.</summary>
    /// <inheritdoc cref="Apply(string)"/>
    public IReadOnlyList<Manifest> ApplyYaml(string yaml)
    {
        var manifests = Manifest.Parse(yaml);
        ApplyInOrder(manifests);
        return manifests;
    }

    /// <summary>
    /// Applies a Helm chart, rendered by an installed <c>helm template</c>, in the order of <c>helm install</c>. Hooks are applied without waiting until
    /// they are done; tests are left out.
    /// </summary>
    /// <param name="chart">The folder or archive of the chart.</param>
    /// <param name="release">The name of the release.</param>
    /// <param name="values">Values as YAML, which override those of the chart; null for the chart's own.</param>
    /// <param name="namespace">The namespace of the release, which objects without one get. It must exist.</param>
    /// <param name="helm">The path of helm.</param>
    /// <returns>The applied manifests, in order.</returns>
    /// <exception cref="ManifestException">helm is not installed, or cannot render the chart; nothing is applied.</exception>
    /// <exception cref="KubernetesApiException">The API rejects an object; the message names its place. The objects before it are applied.</exception>
    public IReadOnlyList<Manifest> ApplyHelm(string chart, string release, string? values = null, string @namespace = "default", string helm = "helm")
    {
        var manifests = HelmChart.Render(chart, release, values, @namespace, helm);
        ApplyInOrder(manifests);
        return manifests;
    }

    /// <summary>Applies one object.</summary>
    /// <exception cref="KubernetesApiException">The API rejects the object; the message names its place.</exception>
    public void Apply(Manifest manifest) => Write(manifest, (type, @object) => Admin.Apply(type, @object));

    /// <summary>
    /// Creates an object and returns it as the API answers. It may be one that is not stored, such as a SubjectAccessReview, or have a
    /// <c>generateName</c>.
    /// </summary>
    /// <exception cref="KubernetesApiException">The API rejects the object; the message names its place.</exception>
    public JsonElement Create(Manifest manifest) => Write(manifest, Admin.Create).Root;

    // Objects of a kind that a definition before them brings wait until the definition is established.
    private void ApplyInOrder(IReadOnlyList<Manifest> manifests)
    {
        var defined = manifests.Where(manifest => manifest.Kind == "CustomResourceDefinition")
            .Select(manifest => manifest.Object["spec"] as JsonObject)
            .Select(spec => (spec.Text("group"), (spec?["names"] as JsonObject).Text("kind"))).ToHashSet();
        foreach (var manifest in manifests)
        {
            var (group, version) = GroupVersion.Parse(manifest.ApiVersion);
            if (defined.Contains((group, manifest.Kind)))
                SpinWait.SpinUntil(() => Server.Catalog.Find(new GroupVersionKind(group, version, manifest.Kind)) is not null, EstablishedLimit);
            Apply(manifest);
        }
    }

    private Document Write(Manifest manifest, Func<ResourceType, JsonObject, Document> write)
    {
        var (group, version) = GroupVersion.Parse(manifest.ApiVersion);
        var kind = new GroupVersionKind(group, version, manifest.Kind);
        var resource = Server.Catalog.Find(kind)
            ?? throw new KubernetesApiException(404, "NotFound", $"{manifest.Source}: no matches for kind \"{manifest.Kind}\" in version \"{manifest.ApiVersion}\"");
        try
        {
            var decoded = Decoder.Decode(manifest.Object.ToUtf8(), MediaKind.Json, kind, FieldValidation.Strict).Object;
            var stored = Server.Catalog.Stored(resource.GroupResource) ?? resource;
            var converted = VersionConversion.Convert(decoded, resource, stored);
            if (stored.Namespaced && manifest.Namespace.Length == 0)
                converted.Ensure("metadata")["namespace"] = "default";
            return write(stored, converted);
        }
        catch (KubernetesApiException ex)
        {
            throw ex.At(manifest.Source);
        }
    }

    /// <summary>Returns the objects of a resource as they are now.</summary>
    /// <param name="resource">The resource: <c>pods</c>, <c>deployments.apps</c>.</param>
    /// <param name="namespace">The namespace; null for all.</param>
    /// <param name="labelSelector">The labels that the objects have, as <c>kubectl get -l</c> takes them; null for all objects.</param>
    /// <exception cref="KubernetesApiException">The cluster has no such resource, or the selector is malformed.</exception>
    public IReadOnlyList<JsonElement> List(string resource, string? @namespace = null, string? labelSelector = null)
    {
        var selector = labelSelector is null ? LabelSelector.Everything : LabelSelector.Parse(labelSelector);
        var type = Resource(resource);
        return [.. Admin.List(type, type.Namespaced ? @namespace : null).Where(document => selector.Matches(document.Labels)).Select(document => document.Root)];
    }

    /// <summary>Returns an object as it is now; null where it does not exist.</summary>
    /// <exception cref="KubernetesApiException">The cluster has no such resource.</exception>
    public JsonElement? Find(string resource, string? @namespace, string name) => Admin.Find(Resource(resource), new(@namespace, name))?.Root;

    /// <summary>Deletes an object, in the background. An object that does not exist is no error.</summary>
    /// <param name="resource">The resource: <c>pods</c>, <c>deployments.apps</c>.</param>
    /// <param name="namespace">The namespace; null for cluster-scoped objects.</param>
    /// <param name="name">The name.</param>
    /// <param name="gracePeriodSeconds">The time that a pod has to end; null: its own grace period.</param>
    /// <exception cref="KubernetesApiException">The cluster has no such resource, or the API rejects the deletion.</exception>
    public void Delete(string resource, string? @namespace, string name, int? gracePeriodSeconds = null) =>
        Admin.Delete(Resource(resource), new(@namespace, name), new DeleteOptions { GracePeriodSeconds = gracePeriodSeconds, PropagationPolicy = "Background" });

    private ResourceType Resource(string name)
    {
        var (plain, group) = name.Split('.', 2) is [var first, var rest] ? (first, rest) : (name, (string?)null);
        var found = Server.Catalog.All.FirstOrDefault(type => (group is null || type.Group == group) && (type.Name == plain || type.SingularName == plain || type.ShortNames.Contains(plain)))
            ?? throw new KubernetesApiException(404, "NotFound", $"the cluster has no resource \"{name}\"");
        return Server.Catalog.Stored(found.GroupResource)!;
    }
}
