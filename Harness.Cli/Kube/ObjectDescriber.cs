using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ClusterSim.Json;

namespace Harness.Kube;

/// <summary>
/// An object for people to read, whatever its kind: <c>kubectl describe</c>'s form for kinds that it knows nothing of. Fields are named in words, those that only
/// machines read are left out, Secrets' values are counted and not shown.
/// </summary>
public static class ObjectDescriber
{
    private static readonly SearchValues<char> Letters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    private const string LastApplied = "kubectl.kubernetes.io/last-applied-configuration";
    private static readonly HashSet<string> Told = new(StringComparer.Ordinal) { "apiVersion", "kind", "metadata", "name", "namespace", "labels", "annotations", "managedFields" };

    /// <summary>The text.</summary>
    /// <param name="object">The object.</param>
    /// <param name="events">Its events, the oldest first.</param>
    /// <param name="now">What ages are counted from.</param>
    public static string Describe(JsonElement @object, IReadOnlyList<JsonElement> events, DateTimeOffset now)
    {
        var text = new StringBuilder();
        var metadata = @object.At("metadata");
        List<(string Name, string Value)> head = [("Name", metadata.At("name").Text(""))];
        if (metadata.At("namespace").Text() is { } @namespace)
            head.Add(("Namespace", @namespace));
        head.AddRange(Map("Labels", metadata.At("labels")));
        head.AddRange(Map("Annotations", metadata.At("annotations")));
        head.Add(("API Version", @object.At("apiVersion").Text("")));
        head.Add(("Kind", @object.At("kind").Text("")));
        var width = head.Max(line => line.Name.Length) + 3;
        foreach (var (name, value) in head)
            text.Append((name.Length == 0 ? "" : name + ":").PadRight(width)).Append(value).Append('\n');
        text.Append("Metadata:\n");
        Fields(text, metadata, 1, Told);
        if (@object.At("kind").Text() == "Secret")
        {
            text.Append("Data:\n");
            foreach (var field in @object.At("data").Fields())
                text.Append(CultureInfo.InvariantCulture, $"  {field.Name}:  {Convert.FromBase64String(field.Value.Text("")).Length} bytes\n");
            if (@object.At("type").Text() is { } type)
                text.Append("Type:  ").Append(type).Append('\n');
        }
        else
        {
            Fields(text, @object, 0, Told);
        }
        text.Append(Events(events, now));
        return text.ToString();
    }

    private static IEnumerable<(string, string)> Map(string name, JsonElement map)
    {
        var lines = map.Fields().Where(field => field.Name != LastApplied).Select(field => $"{field.Name}{(name == "Labels" ? "=" : ": ")}{field.Value.Text("")}").DefaultIfEmpty("<none>");
        return lines.Select((line, index) => (index == 0 ? name : "", line));
    }

    private static void Fields(StringBuilder text, JsonElement @object, int depth, HashSet<string>? without = null)
    {
        var fields = @object.Fields().Where(field => without?.Contains(field.Name) != true).Select(field => (Name: Words(field.Name), field.Value)).OrderBy(field => field.Name, StringComparer.Ordinal).ToList();
        var width = fields.Where(field => IsPlain(field.Value)).Select(field => field.Name.Length).DefaultIfEmpty().Max() + 3;
        foreach (var (name, value) in fields)
        {
            text.Append(' ', depth * 2);
            if (IsPlain(value))
            {
                text.Append($"{name}:".PadRight(width)).Append(Plain(value).Replace("\n", "\n" + new string(' ', (depth * 2) + 2), StringComparison.Ordinal)).Append('\n');
                continue;
            }
            text.Append(name).Append(":\n");
            Value(text, value, depth + 1);
        }
    }

    private static void Value(StringBuilder text, JsonElement value, int depth)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            Fields(text, value, depth);
            return;
        }
        foreach (var item in value.Items())
            if (IsPlain(item))
                text.Append(' ', depth * 2).Append(Plain(item)).Append('\n');
            else
                Value(text, item, depth);
    }

    private static bool IsPlain(JsonElement value) => value.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array) || value.Count() == 0;

    private static string Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Object or JsonValueKind.Array => "<none>",
        JsonValueKind.Null or JsonValueKind.Undefined => "<nil>",
        _ => value.GetRawText(),
    };

    /// <summary><c>creationTimestamp</c> as <c>Creation Timestamp</c>, <c>podIPs</c> as <c>Pod IPs</c>; keys that are no field names stay as they are.</summary>
    private static string Words(string field)
    {
        if (field.AsSpan().IndexOfAnyExcept(Letters) >= 0 || field.Length == 0 || char.IsUpper(field[0]))
            return field;
        var words = new StringBuilder().Append(char.ToUpperInvariant(field[0]));
        for (var i = 1; i < field.Length; i++)
        {
            if (char.IsUpper(field[i]) && (!char.IsUpper(field[i - 1]) || (i + 1 < field.Length && char.IsLower(field[i + 1]) && !(field[i + 1] == 's' && i + 2 == field.Length))))
                words.Append(' ');
            words.Append(field[i]);
        }
        return words.ToString() switch { "Uid" => "UID", "Api Version" => "API Version", var name => name };
    }

    private static string Events(IReadOnlyList<JsonElement> events, DateTimeOffset now)
    {
        if (events.Count == 0)
            return "Events:  <none>\n";
        List<IReadOnlyList<string>> rows = [["  Type", "Reason", "Age", "From", "Message"], ["  ----", "------", "----", "----", "-------"]];
        foreach (var told in events)
        {
            var last = told.At("lastTimestamp").Time() ?? told.At("eventTime").Time() ?? now;
            var count = told.At("count").Integer(1);
            var age = count > 1 && told.At("firstTimestamp").Time() is { } first ? $"{Age(now - last)} (x{count.ToString(CultureInfo.InvariantCulture)} over {Age(now - first)})" : Age(now - last);
            rows.Add(["  " + told.At("type").Text(""), told.At("reason").Text(""), age,
                told.At("source", "component").Text() ?? told.At("reportingComponent").Text(""), told.At("message").Text("").Trim()]);
        }
        return "Events:\n" + TablePrinter.Align(rows, gap: 2);
    }

    private static string Age(TimeSpan age) => age.TotalSeconds switch
    {
        < 0 => "0s",
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalSeconds}s"),
        < 7200 => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalMinutes}m"),
        < 172_800 => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalHours}h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalDays}d"),
    };
}
