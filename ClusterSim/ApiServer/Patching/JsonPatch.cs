using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Schema;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Patching;

/// <summary>
/// JSON Patch (RFC 6902), with the API server's refusals: what cannot be read is 400, an operation that does not hold or lead anywhere is
/// 422 without a word on which.
/// </summary>
internal static class JsonPatch
{
    private const int OperationsMax = 10_000;

    // Copies may not make an object larger than this many bytes, as in the API server.
    private const int CopiedBytesMax = 3 * 1024 * 1024;

    /// <summary>The object with the operations done to it, in order; the object given is not changed.</summary>
    /// <exception cref="KubernetesApiException">400, 413 or 422.</exception>
    public static JsonObject Apply(JsonObject document, ReadOnlyMemory<byte> patch)
    {
        var operations = Read(patch);
        if (operations.GetArrayLength() > OperationsMax)
            throw new KubernetesApiException(413, "RequestEntityTooLarge", $"Request entity too large: The allowed maximum operations in a JSON patch is {OperationsMax}, got {operations.GetArrayLength()}");
        JsonNode? root = document.DeepClone();
        var copied = 0L;
        foreach (var operation in operations.EnumerateArray())
            root = Do(root, operation, ref copied);
        return root as JsonObject ?? throw KubernetesApiException.BadRequest(
            $"json: cannot unmarshal {(root is null ? "null" : JsonText.Told(root.GetValueKind()))} into Go value of type map[string]interface {{}}");
    }

    private static JsonElement Read(ReadOnlyMemory<byte> patch)
    {
        var json = RequestDecoder.Clean(patch);
        if (GoJsonSyntax.Complaint(json.Span) is { } complaint)
            throw KubernetesApiException.BadRequest($"error decoding patch: {complaint}");
        JsonElement operations;
        try
        {
            operations = JsonElement.Parse(json.Span);
        }
        catch (JsonException)
        {
            throw KubernetesApiException.BadRequest("error decoding patch: exceeded max depth");
        }
        if (operations.ValueKind != JsonValueKind.Array)
            throw Undecodable(operations.ValueKind, "value of type []handlers.jsonPatchOp");
        foreach (var operation in operations.EnumerateArray())
            if (operation.ValueKind != JsonValueKind.Object)
                throw Undecodable(operation.ValueKind, "value of type handlers.jsonPatchOp");
        return operations;
    }

    private static KubernetesApiException Undecodable(JsonValueKind found, string into) =>
        KubernetesApiException.BadRequest($"error decoding patch: json: cannot unmarshal {JsonText.Told(found)} into Go {into}");

    private static JsonNode? Do(JsonNode? root, JsonElement operation, ref long copied)
    {
        var path = Pointer(operation, "path");
        switch (Text(operation, "op"))
        {
            case "add":
                return Add(root, path, Value(operation));
            case "remove":
                return Remove(root, path, out _);
            case "replace":
                if (path.Length == 0)
                    return Value(operation);
                _ = Find(root, path);
                if (Parent(root, path) is JsonArray list)
                    list[Index(list, path[^1], forAdding: false)] = Value(operation);
                else
                    ((JsonObject)Parent(root, path))[path[^1]] = Value(operation);
                return root;
            case "move":
                var from = Pointer(operation, "from");
                return Add(Remove(root, from, out var moved), path, moved);
            case "copy":
                var source = Find(root, Pointer(operation, "from"))?.DeepClone();
                copied += source?.ToJsonString().Length ?? 4;
                if (copied > CopiedBytesMax)
                    throw new KubernetesApiException(413, "RequestEntityTooLarge", $"Request entity too large: The accumulated size increase from copy operations is {copied} bytes, the allowed maximum is {CopiedBytesMax}");
                return Add(root, path, source);
            case "test":
                JsonNode? found = null;
                try
                {
                    found = Find(root, path);
                }
                catch (KubernetesApiException) when (operation.TryGetProperty("value", out var wanted) && wanted.ValueKind == JsonValueKind.Null)
                {
                    // What is absent equals null.
                }
                return JsonNode.DeepEquals(found, Value(operation)) ? root : throw Refused();
            default:
                throw Refused();
        }
    }

    private static JsonNode? Add(JsonNode? root, string[] path, JsonNode? value)
    {
        if (path.Length == 0)
            return value;
        switch (Parent(root, path))
        {
            case JsonArray list:
                list.Insert(Index(list, path[^1], forAdding: true), value);
                break;
            case JsonObject map:
                map[path[^1]] = value;
                break;
        }
        return root;
    }

    private static JsonNode? Remove(JsonNode? root, string[] path, out JsonNode? removed)
    {
        if (path.Length == 0)
            throw Refused();
        removed = null;
        switch (Parent(root, path))
        {
            case JsonArray list:
                var index = Index(list, path[^1], forAdding: false);
                removed = list[index];
                list.RemoveAt(index);
                break;
            case JsonObject map:
                if (!map.Remove(path[^1], out removed))
                    throw Refused();
                break;
        }
        return root;
    }

    private static JsonNode? Find(JsonNode? root, string[] path) => path.Length == 0
        ? root
        : Parent(root, path) switch
        {
            JsonArray list => list[Index(list, path[^1], forAdding: false)],
            JsonObject map when map.TryGetPropertyValue(path[^1], out var value) => value,
            _ => throw Refused(),
        };

    private static JsonNode Parent(JsonNode? root, string[] path)
    {
        var at = root;
        foreach (var step in path.AsSpan(0, path.Length - 1))
        {
            at = at switch
            {
                JsonArray list => list[Index(list, step, forAdding: false)],
                JsonObject map => map[step],
                _ => null,
            };
        }
        return at is JsonObject or JsonArray ? at : throw Refused();
    }

    private static int Index(JsonArray list, string step, bool forAdding)
    {
        if (forAdding && step == "-")
            return list.Count;
        if (!int.TryParse(step, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
            throw Refused();
        // A negative index counts from the end.
        var limit = forAdding ? list.Count + 1 : list.Count;
        if (index < 0)
            index += limit;
        return index >= 0 && index < limit ? index : throw Refused();
    }

    private static string Text(JsonElement operation, string name) =>
        operation.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? JsonText.TextOf(value) : throw Refused();

    private static string[] Pointer(JsonElement operation, string name)
    {
        var pointer = Text(operation, name);
        if (pointer.Length == 0)
            return [];
        return pointer[0] == '/'
            ? [.. pointer[1..].Split('/').Select(step => step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal))]
            : throw Refused();
    }

    private static JsonNode? Value(JsonElement operation) =>
        operation.TryGetProperty("value", out var value) ? JsonBuilding.ToNode(value) : null;

    private static KubernetesApiException Refused() => new(422, "Invalid", "the server rejected our request due to an error in our request", Object());
}
