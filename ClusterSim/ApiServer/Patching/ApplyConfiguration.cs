using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Schema;

namespace ClusterSim.Patching;

/// <summary>The object that an applier sends: checked against the type, and the fields it owns by sending them.</summary>
internal sealed class ApplyConfiguration
{
    private readonly List<string> _path = [];
    private readonly List<string> _errors = [];
    private readonly bool _allowDuplicates;

    private ApplyConfiguration(bool allowDuplicates) => _allowDuplicates = allowDuplicates;

    private FieldSet Fields { get; } = new();

    private ReadOnlySpan<string> Path => CollectionsMarshal.AsSpan(_path);

    /// <summary>The fields set by an object that is being applied.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="configuration">The object.</param>
    /// <param name="complaint">What structured-merge-diff says where it does not fit the type; else null.</param>
    public static FieldSet FieldsOf(FieldType type, JsonObject configuration, out string? complaint)
    {
        var walk = new ApplyConfiguration(allowDuplicates: false);
        walk.Map(type, configuration);
        complaint = walk._errors.Count switch
        {
            0 => null,
            1 => walk._errors[0],
            _ => "errors:\n" + string.Join('\n', walk._errors.Select(error => "  " + error)),
        };
        return walk.Fields;
    }

    /// <summary>The fields of an object that is there already, whatever is wrong with it.</summary>
    public static FieldSet FieldsOf(FieldType type, JsonObject live)
    {
        var walk = new ApplyConfiguration(allowDuplicates: true);
        walk.Map(type, live);
        return walk.Fields;
    }

    private void Value(FieldType type, JsonNode? value)
    {
        if (TypedValue.IsGranularMap(type, value, value))
        {
            if (value is JsonObject fields)
                Map(type, fields);
            else if (value is not null)
                Complain($"expected map, got {Shown(value)}");
        }
        else if (TypedValue.IsGranularList(type))
        {
            if (value is JsonArray items)
                Items(type, items);
            else if (value is not null)
                Complain($"expected list, got {Shown(value)}");
        }
        else
        {
            CheckLeaf(type, value);
            Fields.Insert(Path);
        }
    }

    private void Map(FieldType type, JsonObject map)
    {
        foreach (var (name, value) in map)
        {
            _path.Add(TypedValue.Step(name));
            var known = type.Of(name);
            if (known is null && type.Kind == FieldKind.Object && !type.KeepsUnknown)
                Complain("field not declared in schema");
            Value(known ?? TypedValue.Deduced, value);
            // A struct's fields are owned by what is below them; a map's keys, and what is empty, by themselves.
            if (value is null or JsonObject { Count: 0 } || type.Kind != FieldKind.Object || known is null)
                Fields.Insert(Path);
            _path.RemoveAt(_path.Count - 1);
        }
    }

    private void Items(FieldType type, JsonArray items)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
        {
            if (TypedValue.Step(type, items[i], out var complaint) is not { } step)
            {
                _path.Add($"i:{i}");
                Complain($"element {i}: {complaint}", upTo: _path.Count - 1);
                _path.RemoveAt(_path.Count - 1);
                continue;
            }
            if (!seen.Add(step) && !_allowDuplicates)
                Complain($"duplicate entries for key {FieldSet.Show([step])}");
            _path.Add(step);
            Value(type.Item!, items[i]);
            Fields.Insert(Path);
            _path.RemoveAt(_path.Count - 1);
        }
    }

    private void CheckLeaf(FieldType type, JsonNode? value)
    {
        if (value is null)
            return;
        var kind = value.GetValueKind();
        switch (type.Kind)
        {
            case FieldKind.Int32 or FieldKind.Int64 or FieldKind.Number when kind != JsonValueKind.Number:
                Complain($"expected numeric (int or float), got {GoText.TypeName(value)}");
                break;
            case FieldKind.String or FieldKind.Time or FieldKind.MicroTime or FieldKind.Bytes when kind != JsonValueKind.String:
                Complain($"expected string, got {Shown(value)}");
                break;
            case FieldKind.Boolean when kind is not (JsonValueKind.True or JsonValueKind.False):
                Complain($"expected boolean, got {Shown(value)}");
                break;
            case FieldKind.Array when kind != JsonValueKind.Array:
                Complain($"expected list, got {Shown(value)}");
                break;
            case FieldKind.Object or FieldKind.Map when kind != JsonValueKind.Object:
                Complain($"expected map, got {Shown(value)}");
                break;
            case FieldKind.Array:
                foreach (var item in (JsonArray)value)
                    Inside(type.Item!, item);
                break;
            case FieldKind.Object or FieldKind.Map:
                // Atomic, but its fields are checked all the same.
                foreach (var (name, field) in (JsonObject)value)
                {
                    _path.Add(TypedValue.Step(name));
                    if (type.Of(name) is { } known)
                        Inside(known, field);
                    else if (!type.KeepsUnknown)
                        Complain("field not declared in schema");
                    _path.RemoveAt(_path.Count - 1);
                }
                break;
        }
    }

    // Below an atomic value nothing has owners; only the types are checked.
    private void Inside(FieldType type, JsonNode? value)
    {
        var inner = new ApplyConfiguration(_allowDuplicates);
        inner._path.AddRange(_path);
        inner.Value(type, value);
        _errors.AddRange(inner._errors);
    }

    private void Complain(string message, int? upTo = null) => _errors.Add($"{FieldSet.Show(_path.Take(upTo ?? _path.Count))}: {message}");

    private static string Shown(JsonNode value) => value.ToJsonString();
}
