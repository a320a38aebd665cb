using System.Globalization;
using System.Text.Json;

namespace ClusterSim.CustomResources;

/// <summary>
/// A path into a document as client-go's <c>jsonpath</c> reads it: fields, quoted fields, indexes, slices, wildcards, recursive descent and filters
/// (<c>.status.conditions[?(@.type=="Ready")].status</c>).
/// </summary>
internal sealed class JsonPath
{
    private readonly List<Func<JsonElement, IEnumerable<JsonElement>>> _steps = [];

    private JsonPath()
    {
    }

    /// <summary>Reads a path.</summary>
    /// <exception cref="FormatException">It is malformed; says where.</exception>
    public static JsonPath Parse(string text)
    {
        var path = new JsonPath();
        var at = text.StartsWith('$') || text.StartsWith('@') ? 1 : 0;
        while (at < text.Length)
        {
            if (text[at] == '.' && at + 1 < text.Length && text[at + 1] == '.')
            {
                at += 2;
                path._steps.Add(Descendants);
                if (at < text.Length && text[at] != '[')
                    at = path.Field(text, at);
            }
            else if (text[at] == '.')
            {
                at++;
                if (at < text.Length && text[at] != '[')
                    at = path.Field(text, at);
            }
            else if (text[at] == '[')
            {
                at = path.Brackets(text, at + 1);
            }
            else
            {
                at = path.Field(text, at);
            }
        }
        return path;
    }

    /// <summary>What the path leads to; nothing where a step is missing.</summary>
    public IEnumerable<JsonElement> Find(JsonElement root)
    {
        IEnumerable<JsonElement> found = [root];
        foreach (var step in _steps)
            found = found.SelectMany(step);
        return found;
    }

    private int Field(string text, int at)
    {
        var end = at;
        while (end < text.Length && text[end] is not ('.' or '['))
            end += text[end] == '\\' ? 2 : 1;
        var name = text[at..Math.Min(end, text.Length)].Replace("\\", "", StringComparison.Ordinal);
        if (name.Length == 0)
            throw new FormatException($"a field is missing at {at} in {text}");
        _steps.Add(name == "*" ? Children : value => Named(value, name));
        return Math.Min(end, text.Length);
    }

    private int Brackets(string text, int at)
    {
        var end = Close(text, at);
        var inside = text[at..end].Trim();
        if (inside == "*")
        {
            _steps.Add(Children);
        }
        else if (inside.StartsWith("?(", StringComparison.Ordinal) && inside.EndsWith(')'))
        {
            var filter = JsonPathFilter.Parse(inside[2..^1]);
            _steps.Add(value => value.Items().Where(filter.Holds));
        }
        else if (inside.Length > 1 && inside[0] is '\'' or '"')
        {
            var names = inside.Split(',').Select(part => part.Trim().Trim('\'', '"')).ToList();
            _steps.Add(value => names.SelectMany(name => Named(value, name)));
        }
        else
        {
            _steps.Add(Slice(inside, text));
        }
        return end + 1;
    }

    private static int Close(string text, int at)
    {
        char quote = default;
        for (var depth = 0; at < text.Length; at++)
        {
            if (quote != default)
                quote = text[at] == quote ? default : quote;
            else if (text[at] is '\'' or '"')
                quote = text[at];
            else if (text[at] == '[')
                depth++;
            else if (text[at] == ']' && depth-- == 0)
                return at;
        }
        throw new FormatException($"a bracket is not closed in {text}");
    }

    private static Func<JsonElement, IEnumerable<JsonElement>> Slice(string inside, string text)
    {
        if (inside.Contains(',', StringComparison.Ordinal))
        {
            var each = inside.Split(',').Select(part => Slice(part.Trim(), text)).ToList();
            return value => each.SelectMany(one => one(value));
        }
        var parts = inside.Split(':').Select(part => part.Length == 0 ? default(int?)
            : int.TryParse(part, CultureInfo.InvariantCulture, out var number) ? number : throw new FormatException($"the index {part} in {text} is no number")).ToList();
        return value =>
        {
            var items = value.Items().ToList();
            if (parts.Count == 1)
                return At(items, parts[0] ?? 0) is { } one ? [one] : [];
            var from = Place(parts[0] ?? 0, items.Count);
            var to = Place(parts[1] ?? items.Count, items.Count);
            var step = Math.Max(1, parts.Count > 2 ? parts[2] ?? 1 : 1);
            return items.Skip(from).Take(Math.Max(0, to - from)).Where((_, index) => index % step == 0);
        };

        static int Place(int index, int count) => Math.Clamp(index < 0 ? index + count : index, 0, count);
        static JsonElement? At(List<JsonElement> items, int index)
        {
            var place = index < 0 ? index + items.Count : index;
            return place >= 0 && place < items.Count ? items[place] : null;
        }
    }

    private static IEnumerable<JsonElement> Named(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.Object && value.TryGetProperty(name, out var field) ? [field] : [];

    private static IEnumerable<JsonElement> Children(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array ? value.Items() : value.Fields().Select(field => field.Value);

    private static IEnumerable<JsonElement> Descendants(JsonElement value) => Children(value).SelectMany(Descendants).Prepend(value);
}

/// <summary>The condition of a filter: <c>@.type=="Ready"</c>, or a path alone, which must lead somewhere.</summary>
internal sealed class JsonPathFilter
{
    private static readonly string[] Operators = ["==", "!=", "<=", ">=", "<", ">"];

    private readonly Func<JsonElement, JsonElement?> _left;
    private readonly Func<JsonElement, JsonElement?>? _right;
    private readonly string _operator;

    private JsonPathFilter(Func<JsonElement, JsonElement?> left, string @operator, Func<JsonElement, JsonElement?>? right) =>
        (_left, _operator, _right) = (left, @operator, right);

    /// <summary>Reads a condition.</summary>
    /// <exception cref="FormatException">It is malformed.</exception>
    public static JsonPathFilter Parse(string text)
    {
        foreach (var @operator in Operators)
            if (text.IndexOf(@operator, StringComparison.Ordinal) is var at and > 0)
                return new JsonPathFilter(Operand(text[..at].Trim()), @operator, Operand(text[(at + @operator.Length)..].Trim()));
        return new JsonPathFilter(Operand(text.Trim()), "", null);
    }

    /// <summary>Whether it holds for an item.</summary>
    public bool Holds(JsonElement item)
    {
        if (_left(item) is not { } left)
            return false;
        if (_right is null)
            return true;
        if (_right(item) is not { } right)
            return false;
        if (left.ValueKind == JsonValueKind.Number && right.ValueKind == JsonValueKind.Number)
            return Holds(left.GetDouble().CompareTo(right.GetDouble()));
        return left.ValueKind == JsonValueKind.String && right.ValueKind == JsonValueKind.String
            ? Holds(string.CompareOrdinal(left.GetString(), right.GetString()))
            : _operator == (JsonElement.DeepEquals(left, right) ? "==" : "!=");
    }

    private bool Holds(int order) => _operator switch
    {
        "==" => order == 0,
        "!=" => order != 0,
        "<=" => order <= 0,
        ">=" => order >= 0,
        "<" => order < 0,
        _ => order > 0,
    };

    private static Func<JsonElement, JsonElement?> Operand(string text)
    {
        if (text.StartsWith('@') || text.StartsWith('.'))
        {
            var path = JsonPath.Parse(text);
            return item => path.Find(item).Select(found => (JsonElement?)found).FirstOrDefault();
        }
        if (text.Length > 1 && text[0] is '\'' or '"' && text[^1] == text[0])
            text = System.Text.Json.Nodes.JsonValue.Create(text[1..^1])!.ToJsonString();
        try
        {
            var constant = JsonElement.Parse(text);
            return _ => constant;
        }
        catch (JsonException malformed)
        {
            throw new FormatException($"{text} is neither a path, a number nor a quoted string", malformed);
        }
    }
}
