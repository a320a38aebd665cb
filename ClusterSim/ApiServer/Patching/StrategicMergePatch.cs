using System.Text.Json.Nodes;
using ClusterSim.Schema;

namespace ClusterSim.Patching;

/// <summary>
/// Strategic merge patch: a merge patch that knows which lists merge and by which key, with the directives <c>$patch</c>, <c>$retainKeys</c>,
/// <c>$setElementOrder/…</c> and <c>$deleteFromPrimitiveList/…</c> (<c>strategicpatch</c> of apimachinery).
/// </summary>
internal static class StrategicMergePatch
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string DeleteFromList = "$deleteFromPrimitiveList";
    private const string SetElementOrder = "$setElementOrder";

    /// <summary>The object with the patch laid over it; neither is changed.</summary>
    /// <exception cref="KubernetesApiException">400 or 422: a directive that makes no sense.</exception>
    public static JsonObject Apply(JsonObject document, JsonObject patch, FieldType type) =>
        MergeMap((JsonObject)document.DeepClone(), (JsonObject)patch.DeepClone(), type);

    private static JsonObject MergeMap(JsonObject original, JsonObject patch, FieldType? type)
    {
        if (patch.TryGetPropertyValue(Directive, out var directive))
        {
            switch (Text(directive))
            {
                case "replace":
                    patch.Remove(Directive);
                    return patch;
                case "delete":
                    return [];
                default:
                    throw BadDirective(directive, patch);
            }
        }
        Retain(original, patch);
        Order(original, patch, type);
        foreach (var (name, value) in patch.ToList())
        {
            var deletes = name.StartsWith(DeleteFromList, StringComparison.Ordinal);
            var key = deletes ? KeyOf(name, DeleteFromList) : name;
            if (value is null)
            {
                original.Remove(key);
                continue;
            }
            var old = original[key];
            var field = type is { Kind: FieldKind.Object } ? type.Shape.Find(key) : null;
            switch (old, value)
            {
                case (JsonObject map, JsonObject change) when field?.Replaces != true:
                    original[key] = MergeMap((JsonObject)map.DeepClone(), Detached(patch, name, change), type?.Of(key));
                    break;
                case (JsonArray list, JsonArray change) when deletes || field?.Merges == true:
                    original[key] = MergeList(list, change, field, deletes);
                    break;
                default:
                    if (deletes)
                        break;
                    if (old is null || old.GetValueKind() != value.GetValueKind())
                        DiscardNulls(value);
                    // A list or map that replaces is taken as it stands.
                    if (WithoutDirectives(value, out var kept))
                        original[key] = kept;
                    else
                        original.Remove(key);
                    break;
            }
        }
        return original;
    }

    private static JsonArray MergeList(JsonArray original, JsonArray patch, Field? field, bool deletes)
    {
        if (original.Count == 0 && patch.Count == 0)
            return [];
        var isMaps = ElementsAreMaps(original, patch);
        if (!isMaps && deletes)
            return Copy(original.Where(item => !patch.Any(gone => JsonNode.DeepEquals(gone, item))));
        var serverOrder = original;
        var merged = new List<JsonNode?>();
        if (!isMaps)
        {
            foreach (var item in original.Concat(patch))
                if (!merged.Exists(seen => JsonNode.DeepEquals(seen, item)))
                    merged.Add(item);
            return Sorted(merged, patch, serverOrder, key: null);
        }

        var key = field?.MergeKey ?? throw KubernetesApiException.BadRequest($"cannot merge lists without merge key for {field?.Type.GoName ?? "an unknown type"}");
        var changes = new List<JsonObject>();
        var kept = original.ToList();
        var replaces = false;
        foreach (var item in patch.Cast<JsonObject>())
        {
            if (!item.TryGetPropertyValue(Directive, out var directive))
            {
                changes.Add(item);
                continue;
            }
            switch (Text(directive))
            {
                case "delete":
                    var gone = item[key] ?? throw NoMergeKey(item, key);
                    kept.RemoveAll(there => JsonNode.DeepEquals(((JsonObject)there!)[key], gone));
                    break;
                case "replace":
                    replaces = true;
                    break;
                case "merge":
                    throw KubernetesApiException.BadRequest("merging lists cannot yet be specified in the patch");
                default:
                    throw BadDirective(directive, item);
            }
        }
        if (replaces)
            return Copy(changes);
        // The order that the server knows has no place for what the patch adds.
        var known = Copy(kept);
        merged = kept;
        foreach (var change in changes)
        {
            var value = change[key] ?? throw NoMergeKey(change, key);
            var at = merged.FindIndex(there => JsonNode.DeepEquals(((JsonObject)there!)[key], value));
            if (at >= 0)
                merged[at] = MergeMap((JsonObject)merged[at]!.DeepClone(), (JsonObject)change.DeepClone(), field.Type.Item);
            else if (WithoutDirectives(change, out var added))
                merged.Add(added);
        }
        return Sorted(merged, new JsonArray([.. changes.Select(change => change.DeepClone())]), known, key);
    }

    // What the patch names stands in the patch's order; the server's own items stay where they were among what both know.
    private static JsonArray Sorted(List<JsonNode?> merged, JsonArray patchOrder, JsonArray serverOrder, string? key)
    {
        var ofPatch = merged.Where(item => IndexOf(patchOrder, item, key) >= 0).OrderBy(item => IndexOf(patchOrder, item, key)).ToList();
        var ofServer = merged.Where(item => IndexOf(patchOrder, item, key) < 0).OrderBy(item => IndexOf(serverOrder, item, key)).ToList();
        var result = new List<JsonNode?>(merged.Count);
        for (int i = 0, j = 0; i < ofServer.Count || j < ofPatch.Count;)
        {
            if (j >= ofPatch.Count)
            {
                result.Add(ofServer[i++]);
                continue;
            }
            if (i >= ofServer.Count)
            {
                result.Add(ofPatch[j++]);
                continue;
            }
            var left = IndexOf(serverOrder, ofServer[i], key);
            var right = IndexOf(serverOrder, ofPatch[j], key);
            result.Add(left >= 0 && right >= 0 && left < right ? ofServer[i++] : ofPatch[j++]);
        }
        return Copy(result);
    }

    private static int IndexOf(JsonArray list, JsonNode? item, string? key)
    {
        for (var i = 0; i < list.Count; i++)
            if (key is null ? JsonNode.DeepEquals(list[i], item) : JsonNode.DeepEquals((list[i] as JsonObject)?[key], (item as JsonObject)?[key]))
                return i;
        return -1;
    }

    private static void Order(JsonObject original, JsonObject patch, FieldType? type)
    {
        foreach (var (directive, value) in patch.Where(field => field.Key.StartsWith(SetElementOrder, StringComparison.Ordinal)).ToList())
        {
            patch.Remove(directive);
            if (value is not JsonArray order)
                throw KubernetesApiException.BadRequest("invalid patch format of setElementOrder list");
            var name = KeyOf(directive, SetElementOrder);
            var field = type is { Kind: FieldKind.Object } ? type.Shape.Find(name) : null;
            var there = List(original, name);
            var change = List(patch, name);
            if (there is null && change is null)
                continue;
            CheckOrder(change, order, field?.MergeKey);
            JsonArray merged;
            if (change is null)
                merged = there!;
            else if (there is null)
                merged = (JsonArray)(WithoutDirectives(change, out var kept) ? kept! : new JsonArray());
            else
                merged = field?.Merges == true ? MergeList(there, change, field, deletes: false) : change;
            if (field?.MergeKey is { } key && order.OfType<JsonObject>().FirstOrDefault(item => !item.ContainsKey(key)) is { } keyless)
                throw NoMergeKey(keyless, key);
            var sorted = Sorted([.. merged], order, there ?? [], field?.MergeKey);
            original[name] = sorted;
            patch.Remove(name);
        }
    }

    // Every item of the patch must stand in the order, in that order.
    private static void CheckOrder(JsonArray? patch, JsonArray order, string? key)
    {
        if (patch is not { Count: > 0 } || order.Count == 0)
            return;
        var items = patch.Where(item => (item as JsonObject)?.ContainsKey(Directive) != true).ToList();
        var at = 0;
        foreach (var place in order)
            if (at < items.Count && (key is null ? JsonNode.DeepEquals(items[at], place) : JsonNode.DeepEquals((items[at] as JsonObject)?[key], (place as JsonObject)?[key])))
                at++;
        if (at < items.Count)
            throw KubernetesApiException.BadRequest($"The order in patch list:\n{patch.ToJsonString()}\n doesn't match {SetElementOrder} list:\n{order.ToJsonString()}\n");
    }

    private static JsonArray? List(JsonObject map, string name) => map[name] switch
    {
        null => null,
        JsonArray list => list,
        var other => throw KubernetesApiException.BadRequest($"expected a []interface {{}}, but received a {GoText.TypeName(other)}"),
    };

    private static void Retain(JsonObject original, JsonObject patch)
    {
        if (!patch.Remove(RetainKeys, out var directive))
            return;
        if (directive is not JsonArray list)
            throw KubernetesApiException.BadRequest("invalid patch format of retainKeys");
        var keys = list.Select(Text).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, value) in patch)
            if (value is not null && !name.StartsWith(DeleteFromList, StringComparison.Ordinal) && !name.StartsWith(SetElementOrder, StringComparison.Ordinal) && !keys.Contains(name))
                throw KubernetesApiException.BadRequest("invalid patch format of retainKeys");
        foreach (var name in original.Select(field => field.Key).Where(name => !keys.Contains(name)).ToList())
            original.Remove(name);
    }

    private static string KeyOf(string directive, string prefix)
    {
        var parts = directive.Split('/', 2);
        return parts.Length == 2 && parts[0] == prefix && parts[1].Length > 0
            ? parts[1]
            : throw KubernetesApiException.BadRequest($"expected prefix: {prefix}/ followed by a field, got {directive}");
    }

    private static bool ElementsAreMaps(JsonArray original, JsonArray patch)
    {
        bool? maps = null;
        foreach (var item in original.Concat(patch))
        {
            if (item is JsonArray)
                throw new KubernetesApiException(422, "Invalid", "lists of lists are not supported");
            if (maps is not null && maps != item is JsonObject)
                throw KubernetesApiException.BadRequest("list element types are not identical");
            maps = item is JsonObject;
        }
        return maps == true;
    }

    private static void DiscardNulls(JsonNode? value)
    {
        if (value is not JsonObject map)
            return;
        foreach (var (name, inner) in map.ToList())
        {
            if (inner is null)
                map.Remove(name);
            else
                DiscardNulls(inner);
        }
    }

    private static bool WithoutDirectives(JsonNode? value, out JsonNode? kept)
    {
        kept = null;
        switch (value)
        {
            case JsonObject map:
                if (map.TryGetPropertyValue(Directive, out var directive) && Text(directive) == "delete")
                    return false;
                var result = new JsonObject();
                foreach (var (name, inner) in map)
                    if (name is not (Directive or RetainKeys) && !name.StartsWith(DeleteFromList, StringComparison.Ordinal)
                        && !name.StartsWith(SetElementOrder, StringComparison.Ordinal) && WithoutDirectives(inner, out var keptInner))
                        result[name] = keptInner;
                kept = result;
                return true;
            case JsonArray list:
                var items = new JsonArray();
                foreach (var item in list)
                    // A lone {"$patch": "replace"} is a directive to the list, no item of it.
                    if (item is not JsonObject { Count: 1 } only || !only.ContainsKey(Directive))
                        if (WithoutDirectives(item, out var keptItem))
                            items.Add(keptItem);
                kept = items;
                return true;
            default:
                kept = value?.DeepClone();
                return true;
        }
    }

    private static JsonArray Copy(IEnumerable<JsonNode?> items) => new([.. items.Select(item => item?.DeepClone())]);

    private static JsonObject Detached(JsonObject parent, string name, JsonObject value)
    {
        parent[name] = null;
        return value;
    }

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static KubernetesApiException NoMergeKey(JsonObject item, string key) =>
        KubernetesApiException.BadRequest($"map: {GoText.Print(item)} does not contain declared merge key: {key}");

    private static KubernetesApiException BadDirective(JsonNode? directive, JsonObject map) =>
        KubernetesApiException.BadRequest($"unknown patch type: {Text(directive) ?? directive?.ToJsonString() ?? "null"} in map: {GoText.Print(map)}");
}
