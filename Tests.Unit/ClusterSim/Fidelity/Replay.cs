using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace ClusterSim.Tests.Fidelity;

/// <summary>
/// Sends the steps of a recorded conversation in which a step uses what an earlier one answered (<c>keep</c>), and trims each answer as the
/// recording was trimmed.
/// </summary>
/// <param name="client">The cluster's API.</param>
/// <param name="talk">The conversation.</param>
/// <param name="settle">Waits until the cluster has nothing left to do.</param>
internal sealed partial class Replay(HttpClient client, JsonObject talk, Func<Task> settle)
{
    private const int WaitsMax = 100;
    private static readonly TimeSpan WaitPause = TimeSpan.FromMilliseconds(50);

    private readonly Dictionary<string, string> _kept = new(StringComparer.Ordinal);

    /// <summary>The answer to a step: status, warnings and body.</summary>
    public async Task<JsonObject> AnswerAsync(JsonObject asked)
    {
        await settle();
        var step = (JsonObject)Texts(asked, Filled)!;
        var (status, warnings, body) = await SendAsync(step);
        for (var waits = 0; step["wait"] is JsonObject wait && !Holds(wait, status, warnings, body) && waits < WaitsMax; waits++)
        {
            await Task.Delay(WaitPause, TimeProvider.System);
            await settle();
            (status, warnings, body) = await SendAsync(step);
        }
        foreach (var (name, path) in step["keep"] as JsonObject ?? [])
            _kept[name] = Dig(body, (string)path!) is { } kept ? kept.ToString() : "";
        return new JsonObject
        {
            ["status"] = status,
            ["warnings"] = new JsonArray([.. warnings.Select(text => (JsonNode?)Own(text))]),
            ["body"] = Trimmed(Texts(Masking.Mask(body), Own), step),
        };
    }

    private string Filled(string text) => Kept().Replace(
        Repeated().Replace(text, match => new string(match.Groups[1].Value[0], int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture))),
        match => _kept.GetValueOrDefault(match.Groups[1].Value, match.Value));

    private string Own(string text)
    {
        foreach (var mask in (talk["mask"] as JsonArray ?? []).OfType<JsonArray>())
            text = Regex.Replace(text, (string)mask[0]!, ((string)mask[1]!).Replace('\\', '$'), RegexOptions.None, TimeSpan.FromSeconds(10));
        return Same().Replace(text, match => $"<{match.Length} x {match.Groups[1].Value}>");
    }

    private async Task<(int Status, IReadOnlyList<string> Warnings, JsonNode? Body)> SendAsync(JsonObject step)
    {
        using var request = new HttpRequestMessage(new HttpMethod((string)step["method"]!), (string)step["path"]!);
        request.Headers.TryAddWithoutValidation("Accept", (string?)step["accept"] ?? "application/json");
        var body = step["body_b64"] is { } base64 ? Convert.FromBase64String((string)base64!)
            : step["body"] switch
            {
                null => null,
                JsonValue text when text.GetValueKind() == JsonValueKind.String => Encoding.UTF8.GetBytes(text.GetValue<string>()),
                var json => Encoding.UTF8.GetBytes(Spaced(json)),
            };
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse((string?)step["type"] ?? "application/json");
        }
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        var isProtobuf = response.Content.Headers.ContentType?.MediaType?.Contains("protobuf", StringComparison.Ordinal) == true;
        var isWatch = step["watch"] is not null;
        var bytes = isWatch ? await ReadForAsync(response, (double)step["watch"]!) : await response.Content.ReadAsByteArrayAsync();
        var warnings = response.Headers.TryGetValues("Warning", out var all) ? all.Select(warning => warning["299 - ".Length..].Trim('"')).ToList() : [];
        JsonNode? read = (isProtobuf, isWatch) switch
        {
            (true, true) => ProtobufOutline.Events(bytes),
            (true, false) => ProtobufOutline.Answer(bytes),
            (false, true) => new JsonArray([.. Encoding.UTF8.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line))]),
            _ => Parsed(Encoding.UTF8.GetString(bytes)),
        };
        return ((int)response.StatusCode, warnings, read);
    }

    // As the recording's own JSON writer spaced it: errors quote the first bytes of a body.
    private static string Spaced(JsonNode? node) => node switch
    {
        JsonObject map => $"{{{string.Join(", ", map.Select(field => $"{JsonValue.Create(field.Key).ToJsonString()}: {Spaced(field.Value)}"))}}}",
        JsonArray list => $"[{string.Join(", ", list.Select(Spaced))}]",
        _ => node?.ToJsonString() ?? "null",
    };

    // A watch does not end by itself: what comes within the recording's time is its answer.
    private static async Task<byte[]> ReadForAsync(HttpResponseMessage response, double seconds)
    {
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        using var read = new MemoryStream();
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(over.Token);
            await stream.CopyToAsync(read, over.Token);
        }
        catch (OperationCanceledException)
        {
            // The time is over.
        }
        return read.ToArray();
    }

    private static bool Holds(JsonObject wait, int status, IReadOnlyList<string> warnings, JsonNode? body)
    {
        var value = wait["path"] is { } path ? Dig(body, (string)path!) : null;
        return (!wait.ContainsKey("equals") || JsonNode.DeepEquals(value, wait["equals"]))
            && (wait["contains"] is not { } part || (value?.ToString() ?? "").Contains((string)part!, StringComparison.Ordinal))
            && (wait["exists"] is not { } exists || (value is not null) == (bool)exists)
            && (wait["status"] is not { } code || (int)code == status)
            && (wait["warning"] is not { } warning || warnings.Any(told => told.Contains((string)warning!, StringComparison.Ordinal)));
    }

    private JsonNode? Trimmed(JsonNode? body, JsonObject step)
    {
        if (step["initial"] is not null && body is JsonArray events && events.ToList().FindIndex(change => (string?)change?["type"] == "BOOKMARK") is >= 0 and var end)
            while (events.Count > end + 1)
                events.RemoveAt(events.Count - 1);
        foreach (var drop in (step["ignore"] as JsonArray ?? []).Concat(talk["ignore"] as JsonArray ?? []).Select(path => (string)path!))
            Drop(body, drop);
        if (step["unordered"] is not null && body is JsonObject { } told && (string?)told["message"] is { } message)
        {
            const string head = " is invalid: ";
            var at = message.IndexOf(head, StringComparison.Ordinal);
            if (at >= 0)
                told["message"] = message[..(at + head.Length)] + string.Join(", ", message[(at + head.Length)..].Trim('[', ']').Split(", ").Order(StringComparer.Ordinal));
            else
                told["message"] = message;
            if (told["details"]?["causes"] is JsonArray causes)
                told["details"]!["causes"] = new JsonArray([.. causes.Select(cause => cause!.DeepClone()).OrderBy(cause => cause["message"]?.ToString(), StringComparer.Ordinal)]);
        }
        if (step["only"] is not JsonArray only)
            return body;
        var picked = new JsonObject();
        foreach (var path in only)
            foreach (var (at, value) in Pick(body, (string)path!))
                picked[at] = value?.DeepClone();
        return picked;
    }

    private static void Drop(JsonNode? value, string path)
    {
        if (path.Contains('/', StringComparison.Ordinal))
        {
            var slash = path.LastIndexOf('/');
            (Dig(value, path[..slash]) as JsonObject)?.Remove(path[(slash + 1)..]);
            return;
        }
        var (part, below) = Split(path);
        foreach (var (key, inner) in Entries(value, part).ToList())
        {
            if (below.Length > 0)
                Drop(inner, below);
            else if (value is JsonObject map)
                map.Remove(key);
            else if (value is JsonArray list)
                list[int.Parse(key, CultureInfo.InvariantCulture)] = null;
        }
    }

    private static IEnumerable<(string Path, JsonNode? Value)> Pick(JsonNode? value, string path)
    {
        if (path.Contains('/', StringComparison.Ordinal))
        {
            var slash = path.LastIndexOf('/');
            return [(path, (Dig(value, path[..slash]) as JsonObject)?[path[(slash + 1)..]])];
        }
        var (part, below) = Split(path);
        var entries = part == "*" || Entries(value, part).Any() ? Entries(value, part) : [(part, (JsonNode?)null)];
        return entries.SelectMany(entry => below.Length == 0
            ? [(entry.Key, entry.Value)]
            : Pick(entry.Value, below).Select(deeper => ($"{entry.Key}.{deeper.Path}", deeper.Value)));
    }

    private static IEnumerable<(string Key, JsonNode? Value)> Entries(JsonNode? value, string part) => value switch
    {
        JsonObject map when part == "*" => map.Select(field => (field.Key, field.Value)),
        JsonObject map when map.ContainsKey(part) => [(part, map[part])],
        JsonArray list when part == "*" => list.Select((item, index) => (index.ToString(CultureInfo.InvariantCulture), item)),
        JsonArray list when int.TryParse(part, CultureInfo.InvariantCulture, out var index) && index < list.Count => [(part, list[index])],
        _ => [],
    };

    private static (string Part, string Below) Split(string path)
    {
        var dot = path.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 ? (path, "") : (path[..dot], path[(dot + 1)..]);
    }

    private static JsonNode? Dig(JsonNode? value, string path)
    {
        foreach (var part in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
            value = Entries(value, part).Select(entry => entry.Value).FirstOrDefault();
        return value;
    }

    private static JsonNode? Texts(JsonNode? value, Func<string, string> change) => value switch
    {
        JsonObject map => new JsonObject(map.Select(field => KeyValuePair.Create(change(field.Key), Texts(field.Value, change)))),
        JsonArray list => new JsonArray([.. list.Select(item => Texts(item, change))]),
        JsonValue text when text.GetValueKind() == JsonValueKind.String => change(text.GetValue<string>()),
        _ => value?.DeepClone(),
    };

    private static JsonNode? Parsed(string text)
    {
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return text;
        }
    }

    [GeneratedRegex(@"\$\{(.)\*(\d+)\}", RegexOptions.Singleline, 10_000)]
    private static partial Regex Repeated();

    [GeneratedRegex(@"\$\{(\w+)\}", RegexOptions.None, 10_000)]
    private static partial Regex Kept();

    [GeneratedRegex(@"(.)\1{199,}", RegexOptions.Singleline, 60_000)]
    private static partial Regex Same();
}
