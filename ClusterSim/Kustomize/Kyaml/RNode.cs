using System.Globalization;
using System.Text.Json.Nodes;

namespace ClusterSim.Kustomize.Kyaml;

/// <summary>What a node is.</summary>
internal enum NodeKind
{
    Scalar,
    Mapping,
    Sequence,
}

/// <summary>
/// A node of a YAML document, with kyaml's name. Scalars keep their text and their type apart, because kustomize copies one without the other: a port
/// that a replacement fills stays a number.
/// </summary>
internal sealed class RNode
{
    private readonly List<KeyValuePair<string, RNode>> _fields = [];

    private RNode(NodeKind kind) => Kind = kind;

    public NodeKind Kind { get; private set; }

    /// <summary>The text of a scalar.</summary>
    public string Value { get; set; } = "";

    public ScalarTag Tag { get; set; }

    /// <summary>Whether the text was quoted: what is not tagged is then a string.</summary>
    public bool IsQuoted { get; set; }

    /// <summary>Whether the text was a folded block (<c>&gt;</c>).</summary>
    public bool IsFolded { get; set; }

    /// <summary>The fields of a mapping, in the order they were written.</summary>
    public IReadOnlyList<KeyValuePair<string, RNode>> Fields => _fields;

    /// <summary>The elements of a sequence.</summary>
    public List<RNode> Items { get; private set; } = [];

    public bool IsNull => Kind == NodeKind.Scalar && Tag == ScalarTag.Null;

    public bool IsEmpty => IsNull || (Kind == NodeKind.Mapping && _fields.Count == 0) || (Kind == NodeKind.Sequence && Items.Count == 0);

    /// <summary>Whether the node is a string, or a scalar without a type.</summary>
    public bool IsString => Kind == NodeKind.Scalar && Tag is ScalarTag.Str or ScalarTag.None;

    public static RNode Mapping() => new(NodeKind.Mapping);

    public static RNode Sequence() => new(NodeKind.Sequence);

    public static RNode Null(string text = "null") => new(NodeKind.Scalar) { Tag = ScalarTag.Null, Value = text };

    public static RNode Str(string text) => new(NodeKind.Scalar) { Tag = ScalarTag.Str, Value = text };

    public static RNode Scalar(string text, ScalarTag tag = ScalarTag.None, bool quoted = false) => new(NodeKind.Scalar) { Tag = tag, Value = text, IsQuoted = quoted };

    /// <summary>An empty node of a kind, without a type.</summary>
    public static RNode Of(NodeKind kind) => new(kind);

    /// <summary>Returns whether a node is missing or null.</summary>
    public static bool IsMissingOrNull(RNode? node) => node is null || node.IsNull;

    /// <summary>Returns whether a node is missing, null or has nothing in it.</summary>
    public static bool IsNilOrEmpty(RNode? node) => node is null || node.IsEmpty;

    /// <summary>Returns the field of a mapping; null where it is missing or the node is no mapping.</summary>
    public RNode? Get(string name)
    {
        foreach (var (key, value) in _fields)
            if (key == name)
                return value;
        return null;
    }

    /// <summary>Follows fields; null where one is missing.</summary>
    public RNode? Get(params ReadOnlySpan<string> path)
    {
        RNode? node = this;
        foreach (var name in path)
            node = node?.Get(name);
        return node;
    }

    /// <summary>The text of a scalar field; empty where it is missing.</summary>
    public string Text(string name) => Get(name) is { Kind: NodeKind.Scalar, IsNull: false } field ? field.Value : "";

    /// <summary>Sets a field, or adds it at the end.</summary>
    public void Set(string name, RNode value)
    {
        var at = _fields.FindIndex(field => field.Key == name);
        if (at < 0)
            _fields.Add(new(name, value));
        else
            _fields[at] = new(name, value);
    }

    /// <summary>Removes a field.</summary>
    public void Clear(string name) => _fields.RemoveAll(field => field.Key == name);

    /// <summary>Returns the mapping in a field, which is created where it is missing or null.</summary>
    public RNode Ensure(string name)
    {
        if (Get(name) is { } found && !found.IsNull)
            return found;
        var made = Mapping();
        Set(name, made);
        return made;
    }

    /// <summary>Takes the content of another node.</summary>
    public void SetNode(RNode other)
    {
        Kind = other.Kind;
        Value = other.Value;
        Tag = other.Tag;
        IsQuoted = other.IsQuoted;
        IsFolded = other.IsFolded;
        Items = other.Items;
        if (ReferenceEquals(this, other))
            return;
        _fields.Clear();
        _fields.AddRange(other._fields);
    }

    /// <summary>Sets the text and type of a scalar; the quotes stay (<c>FieldSetter</c>).</summary>
    public void SetScalar(string value, ScalarTag tag)
    {
        if (Kind != NodeKind.Scalar)
            throw new KustomizeException($"a scalar is expected, found {Describe()}");
        Value = value;
        Tag = tag;
    }

    public RNode Clone()
    {
        var copy = new RNode(Kind) { Value = Value, Tag = Tag, IsQuoted = IsQuoted, IsFolded = IsFolded };
        foreach (var (key, value) in _fields)
            copy._fields.Add(new(key, value.Clone()));
        copy.Items.AddRange(Items.Select(item => item.Clone()));
        return copy;
    }

    /// <summary>The kind of the node, and the text of a scalar, for messages.</summary>
    public string Describe() => Kind switch
    {
        NodeKind.Mapping => "a mapping",
        NodeKind.Sequence => "a sequence",
        _ => IsNull ? "null" : $"\"{Value}\"",
    };

    /// <summary>Returns the node as JSON, with sorted fields, as kustomize writes objects.</summary>
    /// <exception cref="KustomizeException">The text of a scalar is not of its type.</exception>
    public JsonNode? ToJson()
    {
        switch (Kind)
        {
            case NodeKind.Mapping:
                var map = new JsonObject();
                foreach (var (key, value) in _fields.OrderBy(field => field.Key, StringComparer.Ordinal))
                    map[key] = value.ToJson();
                return map;
            case NodeKind.Sequence:
                return new JsonArray([.. Items.Select(item => item.ToJson())]);
            default:
                return ScalarJson(Tag != ScalarTag.None ? Tag : IsQuoted ? ScalarTag.Str : ScalarResolver.Resolve(Value));
        }
    }

    /// <summary>Reads JSON.</summary>
    public static RNode FromJson(JsonNode? json)
    {
        switch (json)
        {
            case null:
                return Null();
            case JsonObject fields:
                var map = Mapping();
                foreach (var (key, value) in fields)
                    map._fields.Add(new(key, FromJson(value)));
                return map;
            case JsonArray items:
                var list = Sequence();
                list.Items.AddRange(items.Select(FromJson));
                return list;
            default:
                return json.GetValueKind() switch
                {
                    System.Text.Json.JsonValueKind.String => Scalar(json.GetValue<string>(), ScalarTag.Str, quoted: true),
                    System.Text.Json.JsonValueKind.True => Scalar("true", ScalarTag.Bool),
                    System.Text.Json.JsonValueKind.False => Scalar("false", ScalarTag.Bool),
                    _ => Scalar(json.ToJsonString(), ScalarResolver.Resolve(json.ToJsonString())),
                };
        }
    }

    private JsonNode? ScalarJson(ScalarTag tag) => tag switch
    {
        ScalarTag.Null => null,
        ScalarTag.Bool => Value.ToUpperInvariant() switch { "TRUE" => true, "FALSE" => false, _ => throw Mistyped("a boolean") },
        ScalarTag.Int => ScalarResolver.Integer(Value) is { } integer ? JsonNode.Parse(integer.ToString(CultureInfo.InvariantCulture))
            : ScalarResolver.Float(Value) is { } number && double.IsInteger(number) ? GoNumber.ToJson(number) : throw Mistyped("an integer"),
        ScalarTag.Float => ScalarResolver.Float(Value) is { } real && double.IsFinite(real) ? GoNumber.ToJson(real) : throw Mistyped("a number"),
        ScalarTag.Timestamp => ScalarResolver.Time(Value) is { } time ? GoTimeText(time) : throw Mistyped("a time"),
        _ => IsFolded ? FoldedText.Reread(Value) : Value,
    };

    private static string GoTimeText(DateTimeOffset time) =>
        time.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture)
        + (time.Offset == TimeSpan.Zero ? "Z" : time.ToString("zzz", CultureInfo.InvariantCulture));

    private KustomizeException Mistyped(string expected) => new($"{expected} is expected, found \"{Value}\"");
}
