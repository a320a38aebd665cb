using System.Text.Json;
using ClusterSim.Schema;

namespace ClusterSim.CustomResources;

/// <summary>Reads the resources that CustomResourceDefinitions declare.</summary>
internal static class CustomResourceTypes
{
    private static readonly string[] Verbs = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"];
    private static readonly string[] SubresourceVerbs = ["get", "patch", "update"];

    /// <summary>Reads one version of a definition's resource.</summary>
    /// <param name="definition">The CustomResourceDefinition.</param>
    /// <param name="version">Its item of <c>spec.versions</c>.</param>
    /// <param name="names">The names that the resource is served under.</param>
    /// <param name="types">The built-in types, for metadata.</param>
    public static ResourceType Read(JsonElement definition, JsonElement version, JsonElement names, TypeSchema types)
    {
        var custom = new CustomResourceVersion(definition, version, types);
        var subresources = new Dictionary<string, SubresourceType>(StringComparer.Ordinal);
        var kind = new GroupVersionKind(definition.At("spec", "group").Text(""), version.At("name").Text(""), names.At("kind").Text(""));
        if (custom.HasStatus)
            subresources["status"] = new SubresourceType("status", kind, SubresourceVerbs);
        if (custom.Scale is not null)
            subresources["scale"] = new SubresourceType("scale", new("autoscaling", "v1", "Scale"), SubresourceVerbs);
        return new ResourceType
        {
            Group = kind.Group,
            Version = kind.Version,
            Name = names.At("plural").Text(""),
            SingularName = names.At("singular").Text(""),
            Kind = kind.Kind,
            ListKind = names.At("listKind").Text(""),
            Namespaced = definition.At("spec", "scope").Text() == "Namespaced",
            ShortNames = [.. names.At("shortNames").Items().Select(name => name.Text(""))],
            Categories = [.. names.At("categories").Items().Select(name => name.Text(""))],
            Verbs = Verbs,
            Subresources = subresources,
            Custom = custom,
        };
    }

    /// <summary>Returns the definition's version of the resource; null for a built-in resource.</summary>
    public static CustomResourceVersion? CustomVersion(this ResourceType resource) => (CustomResourceVersion?)resource.Custom;
}
