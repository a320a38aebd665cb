using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using ClusterSim.Schema;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Http.Discovery;

/// <summary>The documents of discovery: <c>APIVersions</c>, <c>APIGroupList</c>, <c>APIGroup</c>, <c>APIResourceList</c>, <c>APIGroupDiscoveryList</c>.</summary>
internal static class DiscoveryDocuments
{
    /// <summary>What <c>/api</c> says.</summary>
    public static JsonObject CoreVersions(string? host) => Object(
        ("kind", "APIVersions"),
        ("versions", new JsonArray("v1")),
        ("serverAddressByClientCIDRs", new JsonArray(Object(("clientCIDR", "0.0.0.0/0"), ("serverAddress", host ?? "")))));

    /// <summary>What <c>/apis</c> says.</summary>
    public static JsonObject Groups(ResourceCatalog catalog) => Object(
        ("kind", "APIGroupList"),
        ("apiVersion", "v1"),
        ("groups", new JsonArray([.. NamesOf(catalog).Select(group => GroupOf(catalog, group))])));

    /// <summary>What <c>/apis/group</c> says; null where there is no such group.</summary>
    public static JsonObject? Group(ResourceCatalog catalog, string group)
    {
        if (group.Length == 0 || !catalog.All.Any(type => type.Group == group))
            return null;
        var result = Object(("kind", "APIGroup"), ("apiVersion", "v1"));
        foreach (var (name, value) in GroupOf(catalog, group).ToList())
            result[name] = value?.DeepClone();
        return result;
    }

    /// <summary>What <c>/apis/group/version</c> says; null where there is no such version.</summary>
    public static JsonObject? Resources(ResourceCatalog catalog, GroupVersion version)
    {
        var types = catalog.All.Where(type => type.GroupVersion == version).ToList();
        if (types.Count == 0)
            return null;
        return Object(
            ("kind", "APIResourceList"),
            // The core group's list has none.
            ("apiVersion", version.Group.Length == 0 ? null : "v1"),
            ("groupVersion", version.ToString()),
            ("resources", new JsonArray([.. types.SelectMany(type => ResourcesOf(catalog, type)).OrderBy(resource => (string?)resource["name"], StringComparer.Ordinal)])));
    }

    /// <summary>All at once, as <c>/api</c> or <c>/apis</c> say it in the aggregated form.</summary>
    public static JsonObject Aggregated(ResourceCatalog catalog, bool core) => Object(
        ("kind", "APIGroupDiscoveryList"),
        ("apiVersion", "apidiscovery.k8s.io/v2"),
        ("metadata", new JsonObject()),
        ("items", new JsonArray([.. (core ? [""] : NamesOf(catalog)).Select(group => Object(
            ("metadata", group.Length == 0 ? new JsonObject() : Object(("name", group), ("creationTimestamp", null))),
            ("versions", new JsonArray([.. VersionsOf(catalog, group).Select(version => Object(
                ("version", version),
                ("resources", new JsonArray([.. catalog.All
                    .Where(type => type.Group == group && type.Version == version)
                    .OrderBy(type => type.Name, StringComparer.Ordinal)
                    .Select(Discovered)])),
                ("freshness", "Current")))]))))])));

    private static JsonObject GroupOf(ResourceCatalog catalog, string group)
    {
        var versions = VersionsOf(catalog, group).Select(version => new GroupVersion(group, version)).ToList();
        return Object(
            ("name", group),
            ("versions", new JsonArray([.. versions.Select(Told)])),
            ("preferredVersion", Told(versions[0])));

        static JsonObject Told(GroupVersion version) => Object(("groupVersion", version.ToString()), ("version", version.Version));
    }

    private static IEnumerable<JsonObject> ResourcesOf(ResourceCatalog catalog, ResourceType type)
    {
        var stored = type.Verbs.Contains("get") && type.Verbs.Contains("watch") ? catalog.Stored(type.GroupResource) ?? type : null;
        yield return Object(
            ("name", type.Name),
            ("singularName", type.SingularName),
            ("namespaced", type.Namespaced),
            ("kind", type.Kind),
            ("verbs", Texts(type.Verbs)),
            ("shortNames", type.ShortNames.Count == 0 ? null : Texts(type.ShortNames)),
            ("categories", type.Categories.Count == 0 ? null : Texts(type.Categories)),
            ("storageVersionHash", stored is null ? null : Hash(stored)));
        foreach (var sub in type.Subresources.Values)
        {
            var foreign = sub.Kind.GroupVersion != type.GroupVersion;
            yield return Object(
                ("name", $"{type.Name}/{sub.Name}"),
                ("singularName", ""),
                ("namespaced", type.Namespaced),
                ("group", foreign ? sub.Kind.Group : null),
                ("version", foreign ? sub.Kind.Version : null),
                ("kind", sub.Kind.Kind),
                ("verbs", Texts(sub.Verbs)));
        }
    }

    private static JsonObject Discovered(ResourceType type) => Object(
        ("resource", type.Name),
        ("responseKind", KindOf(type.GroupVersionKind, type)),
        ("scope", type.Namespaced ? "Namespaced" : "Cluster"),
        ("singularResource", type.SingularName),
        ("verbs", Texts(type.Verbs)),
        ("shortNames", type.ShortNames.Count == 0 ? null : Texts(type.ShortNames)),
        ("categories", type.Categories.Count == 0 ? null : Texts(type.Categories)),
        ("subresources", type.Subresources.Count == 0 ? null : new JsonArray([.. type.Subresources.Values
            .OrderBy(sub => sub.Name, StringComparer.Ordinal)
            .Select(sub => Object(("subresource", sub.Name), ("responseKind", KindOf(sub.Kind, type)), ("verbs", Texts(sub.Verbs))))])));

    // Where the kind is of the version that is told of, group and version are left empty.
    private static JsonObject KindOf(GroupVersionKind kind, ResourceType within) => kind.GroupVersion == within.GroupVersion
        ? Object(("group", ""), ("version", ""), ("kind", kind.Kind))
        : Object(("group", kind.Group), ("version", kind.Version), ("kind", kind.Kind));

    private static IEnumerable<string> NamesOf(ResourceCatalog catalog) =>
        catalog.All.Select(type => type.Group).Where(group => group.Length > 0).Distinct(StringComparer.Ordinal);

    // The newest first: what discovery calls preferred.
    private static IEnumerable<string> VersionsOf(ResourceCatalog catalog, string group) => catalog.All
        .Where(type => type.Group == group)
        .Select(type => type.Version)
        .Distinct(StringComparer.Ordinal)
        .OrderByDescending(version => version, ApiVersionOrder.Instance);

    // As k8s.io/apiserver/pkg/endpoints/discovery: a few characters of a hash of group, version and kind.
    private static string Hash(ResourceType stored) => Convert.ToBase64String(
        SHA256.HashData(Encoding.UTF8.GetBytes($"{stored.Group}/{stored.Version}/{stored.Kind}")).AsSpan(0, 8));

    private static JsonArray Texts(IReadOnlyList<string> texts) => new([.. texts.Select(text => JsonValue.Create(text))]);
}
