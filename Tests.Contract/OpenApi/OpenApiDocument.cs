using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tests.Contract.OpenApi;

/// <summary>
/// An OpenAPI 3.1 document, as far as our own use it: paths, contents, and schemas of types, required fields, properties, items, references.
/// A keyword it does not know is an error, so that none is passed over.
/// </summary>
internal sealed class OpenApiDocument(JsonNode document)
{
    /// <summary>What in a pact's interaction the document does not allow; nothing when all is allowed.</summary>
    public IReadOnlyList<string> Check(JsonNode interaction)
    {
        var faults = new List<string>();
        var description = (string)interaction["description"]!;
        var (request, response) = (interaction["request"]!, interaction["response"]!);
        var (method, path) = ((string)request["method"]!, (string)request["path"]!);
        if (Operation(path, method) is not { } operation)
            return [$"{description}: {method} {path} is not in the document"];

        Content(request, operation["requestBody"], $"request of {method} {path}", "request");
        var status = response["status"]!.ToString();
        if (operation["responses"]![status] is { } answer)
            Content(response, answer, status, "response");
        else
            faults.Add($"{description}: {status} is no answer of {method} {path}: {string.Join(", ", operation["responses"]!.AsObject().Select(one => one.Key).Order(StringComparer.Ordinal))}");
        return faults;

        void Content(JsonNode message, JsonNode? described, string of, string at)
        {
            var type = message["headers"]?["Content-Type"]?[0]?.ToString() ?? "";
            var contents = described?["content"]?.AsObject() ?? [];
            if ((contents[type.Split(';')[0]] ?? contents["*/*"]) is not { } content)
            {
                faults.Add($"{description}: {type} is no content of {of}: {string.Join(", ", contents.Select(one => one.Key))}");
                return;
            }

            var found = new List<string>();
            Validate(message["body"]!["content"], content["schema"]!, at, found);
            faults.AddRange(found.Select(fault => $"{description}: {fault}"));
        }
    }

    /// <summary>Literal paths win over templates.</summary>
    private JsonNode? Operation(string path, string method)
    {
        var paths = document["paths"]!.AsObject();
        var verb = method.ToLowerInvariant();
        if (paths[path]?[verb] is { } literal)
            return literal;
        return paths.FirstOrDefault(one => one.Key.Contains('{', StringComparison.Ordinal)
            && Regex.IsMatch(path, "^" + Regex.Replace(Regex.Escape(one.Key), @"\\\{[^/]+}", ".+") + "$", RegexOptions.None, TimeSpan.FromSeconds(1))).Value?[verb];
    }

    private void Validate(JsonNode? value, JsonNode schema, string at, List<string> faults)
    {
        foreach (var (keyword, told) in schema.AsObject())
        {
            switch (keyword)
            {
                case "$ref":
                    Validate(value, Resolve((string)told!), at, faults);
                    break;
                case "type":
                    var types = told is JsonArray several ? several.Select(one => (string)one!).ToArray() : [(string)told!];
                    if (!types.Any(type => Is(value, type)))
                    {
                        faults.Add($"{at}: found {value?.ToJsonString() ?? "null"}, should be {string.Join(" or ", types)}");
                        return;
                    }

                    break;
                case "required":
                    faults.AddRange(told!.AsArray().Select(name => (string)name!).Where(name => value is JsonObject fields && !fields.ContainsKey(name))
                        .Select(name => $"{at}.{name}: missing, and required"));
                    break;
                case "properties":
                    foreach (var (name, property) in told!.AsObject())
                    {
                        if (value is JsonObject fields && fields.ContainsKey(name))
                            Validate(fields[name], property!, $"{at}.{name}", faults);
                    }

                    break;
                case "items":
                    var index = 0;
                    foreach (var item in value as JsonArray ?? [])
                        Validate(item, told!, $"{at}[{index++}]", faults);
                    break;
                case "pattern":
                    if (value is JsonValue text && text.GetValueKind() == JsonValueKind.String && !Regex.IsMatch((string)text!, (string)told!, RegexOptions.None, TimeSpan.FromSeconds(1)))
                        faults.Add($"{at}: found {text.ToJsonString()}, should match {told}");
                    break;
                case "description" or "format" or "title" or "default":
                    break;
                default:
                    throw new NotSupportedException($"{at}: this reader of OpenAPI documents does not know the keyword '{keyword}'");
            }
        }
    }

    private JsonNode Resolve(string reference)
    {
        if (!reference.StartsWith("#/", StringComparison.Ordinal))
            throw new NotSupportedException($"'{reference}': only references within the document are known");
        return reference[2..].Split('/').Aggregate(document, (at, step) => at[step] ?? throw new InvalidOperationException($"'{reference}' leads nowhere"));
    }

    private static bool Is(JsonNode? value, string type) => type switch
    {
        "null" => value is null,
        "object" => value is JsonObject,
        "array" => value is JsonArray,
        "string" => value?.GetValueKind() == JsonValueKind.String,
        "boolean" => value?.GetValueKind() is JsonValueKind.True or JsonValueKind.False,
        "number" => value?.GetValueKind() == JsonValueKind.Number,
        "integer" => value?.GetValueKind() == JsonValueKind.Number && decimal.TryParse(value.ToJsonString(), out var number) && decimal.IsInteger(number),
        _ => throw new NotSupportedException($"no such type: '{type}'"),
    };
}
