using System.Text.Json.Nodes;
using ClusterSim.Schema;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.OpenApi;

/// <summary>The paths of a resource with their operations: kind, action, parameters, and, in v3, the types of bodies.</summary>
internal static class OpenApiOperations
{
    private static readonly IReadOnlyList<string> ListParameters =
        ["allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "resourceVersion", "resourceVersionMatch", "sendInitialEvents", "timeoutSeconds", "watch"];

    private static readonly IReadOnlyList<string> WriteParameters = ["dryRun", "fieldManager", "fieldValidation"];
    private static readonly IReadOnlyList<string> PatchParameters = ["dryRun", "fieldManager", "fieldValidation", "force"];
    private static readonly IReadOnlyList<string> DeleteParameters = ["dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy"];

    /// <summary>The resource's paths below <paramref name="prefix"/>.</summary>
    /// <param name="type">The resource.</param>
    /// <param name="prefix">Such as <c>/apis/apps/v1</c>.</param>
    /// <param name="reference">Where a kind's schema is, in a v3 document; null for v2.</param>
    public static IEnumerable<(string Path, JsonObject Item)> PathsOf(ResourceType type, string prefix, Func<GroupVersionKind, string>? reference)
    {
        var collection = type.Namespaced ? $"{prefix}/namespaces/{{namespace}}/{type.Name}" : $"{prefix}/{type.Name}";
        if (ItemOf(type.Verbs.Intersect(["list", "create", "deletecollection"], StringComparer.Ordinal), type.GroupVersionKind, reference) is { Count: > 0 } many)
            yield return (collection, Named(many, type.Namespaced ? ["namespace"] : []));
        if (type.Namespaced && type.Verbs.Contains("list"))
            yield return ($"{prefix}/{type.Name}", ItemOf(["list"], type.GroupVersionKind, reference));
        if (ItemOf(type.Verbs.Intersect(["get", "update", "patch", "delete"], StringComparer.Ordinal), type.GroupVersionKind, reference) is { Count: > 0 } one)
            yield return ($"{collection}/{{name}}", Named(one, type.Namespaced ? ["name", "namespace"] : ["name"]));
        foreach (var sub in type.Subresources.Values)
            yield return ($"{collection}/{{name}}/{sub.Name}", Named(ItemOf(sub.Verbs, sub.Kind, reference), type.Namespaced ? ["name", "namespace"] : ["name"]));
    }

    private static JsonObject Named(JsonObject item, IReadOnlyList<string> parameters)
    {
        if (parameters.Count > 0)
            item["parameters"] = new JsonArray([.. parameters.Select(name => Object(
                ("name", name), ("in", "path"), ("required", true), ("schema", Object(("type", "string"), ("uniqueItems", true)))))]);
        return item;
    }

    private static JsonObject ItemOf(IEnumerable<string> verbs, GroupVersionKind kind, Func<GroupVersionKind, string>? reference)
    {
        var item = new JsonObject();
        foreach (var verb in verbs)
        {
            var (method, action, parameters) = verb switch
            {
                "list" => ("get", "list", ListParameters),
                "get" => ("get", "get", []),
                "create" => ("post", "post", WriteParameters),
                "update" => ("put", "put", WriteParameters),
                "patch" => ("patch", "patch", PatchParameters),
                "delete" => ("delete", "delete", DeleteParameters),
                "deletecollection" => ("delete", "deletecollection", [.. ListParameters, .. DeleteParameters]),
                _ => ("", "", (IReadOnlyList<string>)[]),
            };
            if (method.Length > 0)
                item[method] = Operation(action, kind, parameters, reference);
        }
        return item;
    }

    private static JsonObject Operation(string action, GroupVersionKind kind, IReadOnlyList<string> parameters, Func<GroupVersionKind, string>? reference)
    {
        var type = reference is null ? null : Object(("application/json", Object(("schema", Object(("$ref", reference(kind)))))));
        return Object(
            ("requestBody", type is not null && action is "post" or "put" ? Object(("content", type?.DeepClone())) : null),
            ("parameters", new JsonArray([.. parameters.Select(name => reference is null
                ? Object(("name", name), ("in", "query"), ("type", TypeOf(name)), ("uniqueItems", true))
                : Object(("name", name), ("in", "query"), ("schema", Object(("type", TypeOf(name)), ("uniqueItems", true)))))])),
            ("responses", Object(("200", type is not null && action is not "list" and not "deletecollection"
                ? Object(("description", "OK"), ("content", type))
                : Object(("description", "OK"))))),
            ("x-kubernetes-action", action),
            ("x-kubernetes-group-version-kind", Object(("group", kind.Group), ("version", kind.Version), ("kind", kind.Kind))));
    }

    private static string TypeOf(string parameter) => parameter switch
    {
        "limit" or "timeoutSeconds" or "gracePeriodSeconds" => "integer",
        "allowWatchBookmarks" or "sendInitialEvents" or "watch" or "force" or "orphanDependents" => "boolean",
        _ => "string",
    };
}
