using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ClusterSim.Patching;

/// <summary>
/// A set of paths: <c>fieldpath.Set</c> of structured-merge-diff, written as FieldsV1. A tree whose nodes may be members; a step is kept as
/// FieldsV1 spells it (<c>f:name</c>, <c>k:{"name":"main"}</c>, <c>v:"x"</c>, <c>i:0</c>). Operations make new sets and may share branches.
/// </summary>
internal sealed class FieldSet
{
    private const int DepthMax = 64;
    private Dictionary<string, FieldSet>? _children;

    /// <summary>Whether the path that leads here is in the set.</summary>
    public bool IsMember { get; private set; }

    /// <summary>Whether no path is in the set.</summary>
    public bool IsEmpty => !IsMember && _children is not { Count: > 0 };

    /// <summary>The steps below, with what is there.</summary>
    public IEnumerable<KeyValuePair<string, FieldSet>> Children => _children ?? (IEnumerable<KeyValuePair<string, FieldSet>>)[];

    /// <summary>A set of these paths.</summary>
    public static FieldSet Of(params ReadOnlySpan<string[]> paths)
    {
        var set = new FieldSet();
        foreach (var path in paths)
            set.Insert(path);
        return set;
    }

    /// <summary>What is below a step; null where nothing is.</summary>
    public FieldSet? Below(string step) => _children?.GetValueOrDefault(step);

    /// <summary>Whether the path of this one step is in the set.</summary>
    public bool Has(string step) => Below(step)?.IsMember == true;

    /// <summary>Whether the path is in the set.</summary>
    public bool Has(ReadOnlySpan<string> path)
    {
        FieldSet? at = this;
        foreach (var step in path)
            at = at?.Below(step);
        return at?.IsMember == true;
    }

    /// <summary>Puts a path in. For sets that are being built: a shared set must not change.</summary>
    public void Insert(ReadOnlySpan<string> path)
    {
        var at = this;
        foreach (var step in path)
        {
            at._children ??= new(StringComparer.Ordinal);
            if (!at._children.TryGetValue(step, out var next))
                at._children[step] = next = new FieldSet();
            at = next;
        }
        at.IsMember = true;
    }

    /// <summary>The paths in either.</summary>
    public FieldSet Union(FieldSet other)
    {
        if (IsEmpty)
            return other;
        if (other.IsEmpty)
            return this;
        var result = new FieldSet { IsMember = IsMember || other.IsMember };
        foreach (var (step, below) in Children)
            result.Add(step, other.Below(step) is { } theirs ? below.Union(theirs) : below);
        foreach (var (step, below) in other.Children)
            if (Below(step) is null)
                result.Add(step, below);
        return result;
    }

    /// <summary>The paths in both.</summary>
    public FieldSet Intersection(FieldSet other)
    {
        var result = new FieldSet { IsMember = IsMember && other.IsMember };
        if (_children is not null && other._children is not null)
            foreach (var (step, below) in _children)
                if (other.Below(step) is { } theirs)
                    result.Add(step, below.Intersection(theirs));
        return result;
    }

    /// <summary>The paths here that are not there.</summary>
    public FieldSet Difference(FieldSet other)
    {
        if (other.IsEmpty)
            return this;
        var result = new FieldSet { IsMember = IsMember && !other.IsMember };
        foreach (var (step, below) in Children)
            result.Add(step, other.Below(step) is { } theirs ? below.Difference(theirs) : below);
        return result;
    }

    /// <summary>The paths here that neither are there nor lie below one that is.</summary>
    public FieldSet RecursiveDifference(FieldSet other)
    {
        if (other.IsEmpty)
            return this;
        var result = new FieldSet { IsMember = IsMember && !other.IsMember };
        foreach (var (step, below) in Children)
        {
            var theirs = other.Below(step);
            if (theirs is null)
                result.Add(step, below);
            else if (!theirs.IsMember)
                result.Add(step, below.RecursiveDifference(theirs));
        }
        return result;
    }

    /// <summary>Whether both hold the same paths.</summary>
    public bool SameAs(FieldSet other) => Difference(other).IsEmpty && other.Difference(this).IsEmpty;

    /// <summary>Every path, members before what lies below them.</summary>
    public IEnumerable<string[]> Paths() => Paths([]);

    /// <summary>FieldsV1.</summary>
    public JsonObject ToFieldsV1()
    {
        var result = new JsonObject();
        if (_children is null)
            return result;
        if (IsMember && _children.Count > 0)
            result["."] = new JsonObject();
        foreach (var (step, below) in _children.OrderBy(child => child.Key, StringComparer.Ordinal))
            result[step] = below.ToFieldsV1();
        return result;
    }

    /// <summary>Reads FieldsV1; null where it is none.</summary>
    public static FieldSet? FromFieldsV1(JsonElement fields)
    {
        if (fields.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return new FieldSet();
        return fields.ValueKind == JsonValueKind.Object ? Read(fields, isRoot: true, depth: 0) : null;
    }

    /// <summary>A path as messages show it: <c>.spec.containers[name="main"].image</c>.</summary>
    public static string Show(IEnumerable<string> path) => string.Concat(path.Select(step => step[..2] switch
    {
        "f:" => "." + step[2..],
        "v:" => $"[={step[2..]}]",
        "k:" => $"[{string.Join(',', JsonElement.Parse(step[2..]).EnumerateObject().Select(key => $"{key.Name}={key.Value.GetRawText()}"))}]",
        _ => $"[{step[2..]}]",
    }));

    private static FieldSet? Read(JsonElement fields, bool isRoot, int depth)
    {
        if (depth > DepthMax)
            return null;
        var set = new FieldSet();
        foreach (var field in fields.EnumerateObject())
        {
            if (field.Name == ".")
            {
                set.IsMember = true;
                continue;
            }
            if (!IsStep(field.Name) || field.Value.ValueKind != JsonValueKind.Object || Read(field.Value, isRoot: false, depth + 1) is not { } below)
                return null;
            (set._children ??= new(StringComparer.Ordinal))[field.Name] = below;
        }
        if (!isRoot && set._children is null)
            set.IsMember = true;
        return set;
    }

    private static bool IsStep(string name)
    {
        if (name.Length < 2 || name[1] != ':')
            return false;
        return name[0] switch
        {
            'f' => true,
            'i' => int.TryParse(name.AsSpan(2), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
            'k' => name[2..].StartsWith('{') && IsJson(name[2..]),
            'v' => IsJson(name[2..]),
            _ => false,
        };
    }

    private static bool IsJson(string text)
    {
        try
        {
            _ = JsonElement.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private IEnumerable<string[]> Paths(string[] prefix)
    {
        foreach (var (step, below) in Children.OrderBy(child => child.Key, StringComparer.Ordinal))
            if (below.IsMember)
                yield return [.. prefix, step];
        foreach (var (step, below) in Children.OrderBy(child => child.Key, StringComparer.Ordinal))
            foreach (var path in below.Paths([.. prefix, step]))
                yield return path;
    }

    private void Add(string step, FieldSet below)
    {
        if (!below.IsEmpty)
            (_children ??= new(StringComparer.Ordinal))[step] = below;
    }
}
