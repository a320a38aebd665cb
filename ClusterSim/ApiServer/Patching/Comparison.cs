using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using ClusterSim.Schema;

namespace ClusterSim.Patching;

/// <summary>Which fields differ between two objects of a type: <c>typed.Comparison</c> of structured-merge-diff.</summary>
internal sealed class Comparison
{
    private readonly List<string> _path = [];

    private Comparison()
    {
    }

    /// <summary>The fields that only the new object has.</summary>
    public FieldSet Added { get; private init; } = new();

    /// <summary>The fields that differ.</summary>
    public FieldSet Modified { get; private init; } = new();

    /// <summary>The fields that only the old object has.</summary>
    public FieldSet Removed { get; private init; } = new();

    /// <summary>Whether nothing differs.</summary>
    public bool IsSame => Added.IsEmpty && Modified.IsEmpty && Removed.IsEmpty;

    /// <summary>Compares two objects.</summary>
    public static Comparison Of(FieldType type, JsonObject before, JsonObject after)
    {
        var comparison = new Comparison();
        comparison.Fields(type, before, after);
        return comparison;
    }

    /// <summary>This without some fields and what is below them.</summary>
    public Comparison Without(FieldSet ignored) => ignored.IsEmpty
        ? this
        : new Comparison
        {
            Added = Added.RecursiveDifference(ignored),
            Modified = Modified.RecursiveDifference(ignored),
            Removed = Removed.RecursiveDifference(ignored),
        };

    private ReadOnlySpan<string> Path => CollectionsMarshal.AsSpan(_path);

    private void Value(FieldType type, bool hasBefore, JsonNode? before, bool hasAfter, JsonNode? after)
    {
        var emptyBoth = TypedValue.IsEmpty(before) && TypedValue.IsEmpty(after);
        if (!emptyBoth && TypedValue.IsGranularMap(type, before, after))
        {
            Fields(type, before as JsonObject, after as JsonObject);
        }
        else if (!emptyBoth && TypedValue.IsGranularList(type))
        {
            Items(type, before as JsonArray, after as JsonArray);
        }
        else
        {
            if (hasBefore && hasAfter && !TypedValue.Same(before, after))
                Modified.Insert(Path);
        }
        if (!hasBefore)
            Added.Insert(Path);
        else if (!hasAfter)
            Removed.Insert(Path);
    }

    private void Fields(FieldType type, JsonObject? before, JsonObject? after)
    {
        if (before is not null)
        {
            foreach (var (name, old) in before)
            {
                JsonNode? now = null;
                var stays = after is not null && after.TryGetPropertyValue(name, out now);
                Field(type, name, hasBefore: true, old, stays, now);
            }
        }
        if (after is null)
            return;
        foreach (var (name, now) in after)
            if (before is null || !before.ContainsKey(name))
                Field(type, name, hasBefore: false, before: null, hasAfter: true, now);
    }

    private void Field(FieldType type, string name, bool hasBefore, JsonNode? before, bool hasAfter, JsonNode? after)
    {
        _path.Add(TypedValue.Step(name));
        Value(TypedValue.Of(type, name), hasBefore, before, hasAfter, after);
        _path.RemoveAt(_path.Count - 1);
    }

    private void Items(FieldType type, JsonArray? before, JsonArray? after)
    {
        var old = Index(type, before);
        var now = Index(type, after);
        foreach (var (step, was) in old)
            Item(type, step, was, now.GetValueOrDefault(step));
        foreach (var (step, @is) in now)
            if (!old.ContainsKey(step))
                Item(type, step, null, @is);
    }

    private void Item(FieldType type, string step, List<JsonNode?>? before, List<JsonNode?>? after)
    {
        _path.Add(step);
        if (before is not { Count: > 1 } && after is not { Count: > 1 })
        {
            Value(type.Item!, before is not null, before?[0], after is not null, after?[0]);
        }
        else if (before is null)
        {
            Added.Insert(Path);
        }
        else if (after is null)
        {
            Removed.Insert(Path);
        }
        else if (before.Count != after.Count || !before.Zip(after).All(pair => TypedValue.Same(pair.First, pair.Second)))
        {
            // Items of one key are one field.
            Modified.Insert(Path);
        }
        _path.RemoveAt(_path.Count - 1);
    }

    private static Dictionary<string, List<JsonNode?>> Index(FieldType type, JsonArray? items)
    {
        var index = new Dictionary<string, List<JsonNode?>>(StringComparer.Ordinal);
        if (items is null)
            return index;
        for (var i = 0; i < items.Count; i++)
        {
            // An item without its key is told by validation; until then its place stands for it.
            var step = TypedValue.Step(type, items[i], out _) ?? $"i:{i}";
            if (!index.TryGetValue(step, out var same))
                index[step] = same = [];
            same.Add(items[i]);
        }
        return index;
    }
}
