using System.Collections.Frozen;
using System.Text.Json.Nodes;

namespace ClusterSim.Schema;

/// <summary>What JSON a field takes, and how it is read.</summary>
internal enum FieldKind
{
    /// <summary>A struct: named fields of their own types.</summary>
    Object,

    /// <summary>Any keys, one type of value.</summary>
    Map,

    /// <summary>A list of one type of item.</summary>
    Array,

    /// <summary>A string.</summary>
    String,

    /// <summary>An integer of 32 bits.</summary>
    Int32,

    /// <summary>An integer of 64 bits.</summary>
    Int64,

    /// <summary>A double.</summary>
    Number,

    /// <summary>A boolean.</summary>
    Boolean,

    /// <summary>An int32 or a string (<c>intstr.IntOrString</c>).</summary>
    IntOrString,

    /// <summary>A <see cref="Quantity"/>.</summary>
    Quantity,

    /// <summary><c>metav1.Time</c>: whole seconds, UTC.</summary>
    Time,

    /// <summary><c>metav1.MicroTime</c>: microseconds, UTC.</summary>
    MicroTime,

    /// <summary>Base64.</summary>
    Bytes,

    /// <summary>Any JSON, kept as it is (<c>RawExtension</c>, <c>JSON</c>, <c>FieldsV1</c>).</summary>
    Raw,
}

/// <summary>Which of its entries have owners of their own (<c>x-kubernetes-list-type</c>, <c>x-kubernetes-map-type</c>).</summary>
internal enum Ownership
{
    /// <summary>Every field or key has its owners: structs and maps, unless told otherwise.</summary>
    Granular,

    /// <summary>The whole has one owner: lists, unless told otherwise.</summary>
    Atomic,

    /// <summary>A list of distinct scalars.</summary>
    Set,

    /// <summary>A list of objects told apart by keys.</summary>
    Keyed,
}

/// <summary>How a value that is Go's zero is written.</summary>
internal enum ZeroRule
{
    /// <summary>Left out: <c>omitempty</c> where it has an effect, and pointers.</summary>
    Omitted,

    /// <summary>Written: no <c>omitempty</c>, or a struct, which <c>omitempty</c> leaves alone.</summary>
    Written,
}

/// <summary>The type of a value: a node of the type graph. Immutable; the fields of a struct are made at first need, as types refer to themselves.</summary>
internal sealed class FieldType
{
    private readonly Lazy<ObjectShape>? _shape;

    /// <summary>A type whose struct, if it is one, is made at first need.</summary>
    public FieldType(FieldKind kind, Func<ObjectShape>? shape = null)
    {
        Kind = kind;
        _shape = shape is null ? null : new Lazy<ObjectShape>(shape);
    }

    /// <summary>A type whose struct, if it is one, is known.</summary>
    public FieldType(FieldKind kind, Lazy<ObjectShape>? shape)
    {
        Kind = kind;
        _shape = shape;
    }

    /// <summary>What JSON it takes.</summary>
    public FieldKind Kind { get; }

    /// <summary>The Go type as reflection prints it, for messages: <c>v1.PullPolicy</c>, <c>[]v1.Container</c>.</summary>
    public required string GoName { get; init; }

    /// <summary>The type of a list's items or a map's values.</summary>
    public FieldType? Item { get; init; }

    /// <summary>Who owns what in it.</summary>
    public Ownership Ownership { get; init; }

    /// <summary>Of a keyed list: the fields that tell its items apart.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>Whether fields that it does not name are kept (CRDs: <c>x-kubernetes-preserve-unknown-fields</c>).</summary>
    public bool KeepsUnknown { get; init; }

    /// <summary>The struct's fields.</summary>
    /// <exception cref="InvalidOperationException">It is no struct.</exception>
    public ObjectShape Shape => _shape?.Value ?? throw new InvalidOperationException($"{GoName} is {Kind}, which has no named fields");

    /// <summary>The type of a struct's field or a map's value; null where there is none of that name.</summary>
    public FieldType? Of(string name) => Kind switch
    {
        FieldKind.Object => Shape.Find(name)?.Type,
        FieldKind.Map => Item,
        _ => null,
    };

    /// <summary>What Go writes for the zero value of this type: <c>{}</c> with all its always-written fields, 0, "", false or null.</summary>
    public JsonNode? Zero() => Kind switch
    {
        FieldKind.Object => Shape.Zero(),
        FieldKind.String => JsonValue.Create(""),
        FieldKind.Int32 or FieldKind.Int64 or FieldKind.IntOrString => JsonValue.Create(0),
        FieldKind.Number => JsonValue.Create(0d),
        FieldKind.Boolean => JsonValue.Create(false),
        FieldKind.Quantity => JsonValue.Create("0"),
        _ => null,
    };
}

/// <summary>One field of a struct.</summary>
internal sealed class Field
{
    /// <summary>Its JSON name.</summary>
    public required string Name { get; init; }

    /// <summary>Its type.</summary>
    public required FieldType Type { get; init; }

    /// <summary>Whether it is a pointer in Go: a zero that was sent is kept then.</summary>
    public bool IsPointer { get; init; }

    /// <summary>Whether Go writes it though it is zero.</summary>
    public ZeroRule Zero { get; init; }

    /// <summary>The key by which strategic merge tells items apart; null where it merges scalars, or does not merge.</summary>
    public string? MergeKey { get; init; }

    /// <summary>Whether strategic merge merges the list (<c>patchStrategy: merge</c>).</summary>
    public bool Merges { get; init; }

    /// <summary>Whether strategic merge replaces the map (<c>patchStrategy: replace</c>).</summary>
    public bool Replaces { get; init; }

    /// <summary>The schema's default, which counts where the field is a key of a keyed list; null where there is none.</summary>
    public JsonNode? Default { get; init; }

    /// <summary>What is written where the field is absent; null also stands for JSON null.</summary>
    public JsonNode? ZeroValue() => IsPointer ? null : Type.Zero();
}

/// <summary>A struct: its fields by name.</summary>
internal sealed class ObjectShape
{
    private readonly FrozenDictionary<string, Field> _fields;
    private readonly FrozenDictionary<string, Field>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly Field[] _written;

    /// <summary>A struct of these fields.</summary>
    /// <param name="goName">The struct's bare name (<c>DeploymentSpec</c>).</param>
    /// <param name="fields">Its fields.</param>
    public ObjectShape(string goName, IEnumerable<Field> fields)
    {
        GoName = goName;
        _fields = fields.ToFrozenDictionary(field => field.Name, StringComparer.Ordinal);
        _bySpan = _fields.GetAlternateLookup<ReadOnlySpan<char>>();
        _written = [.. _fields.Values.Where(field => field.Zero == ZeroRule.Written)];
    }

    /// <summary>The struct's bare name, for messages.</summary>
    public string GoName { get; }

    /// <summary>The field of that name; null where there is none. Case matters.</summary>
    public Field? Find(string name) => _fields.GetValueOrDefault(name);

    /// <inheritdoc cref="Find(string)"/>
    public Field? Find(ReadOnlySpan<char> name) => _bySpan.TryGetValue(name, out var field) ? field : null;

    /// <summary>What Go writes for the zero value.</summary>
    public JsonObject Zero()
    {
        var zero = new JsonObject();
        Complete(zero);
        return zero;
    }

    /// <summary>Adds the fields that are written though they are zero, where they are absent.</summary>
    public void Complete(JsonObject read)
    {
        foreach (var field in _written)
            if (!read.ContainsKey(field.Name))
                read.Add(field.Name, field.ZeroValue());
    }
}

/// <summary>A kind with its type.</summary>
/// <param name="Kind">Group, version and kind.</param>
/// <param name="Type">Its struct.</param>
internal sealed record ObjectType(GroupVersionKind Kind, FieldType Type)
{
    /// <summary>The object that nobody has written to, as Go writes it: what a create is compared with.</summary>
    public JsonObject Empty()
    {
        var empty = Type.Shape.Zero();
        empty["apiVersion"] = Kind.GroupVersion.ToString();
        empty["kind"] = Kind.Kind;
        return empty;
    }
}
