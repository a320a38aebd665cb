using System.Text;

namespace ClusterSim.Machinery;

/// <summary>
/// Where a value stands in an object: <c>field.Path</c> of apimachinery. A path is a chain of its last steps, so that going one step
/// deeper costs one small object, and becomes text only when a rule is broken.
/// </summary>
internal sealed class FieldPath
{
    private readonly FieldPath? _parent;
    private readonly string? _name;
    private readonly int _index;
    private readonly Step _step;

    private FieldPath(FieldPath? parent, string? name, int index, Step step)
    {
        _parent = parent;
        _name = name;
        _index = index;
        _step = step;
    }

    private enum Step
    {
        Name,
        Index,
        Key,
    }

    /// <summary>The object itself; its errors name no field.</summary>
    public static FieldPath Whole { get; } = new(null, "", 0, Step.Name);

    /// <summary><c>metadata</c>.</summary>
    public static FieldPath Metadata { get; } = Of("metadata");

    /// <summary><c>spec</c>.</summary>
    public static FieldPath Spec { get; } = Of("spec");

    /// <summary><c>status</c>.</summary>
    public static FieldPath Status { get; } = Of("status");

    /// <summary>A path of these names.</summary>
    public static FieldPath Of(string first, string? second = null)
    {
        var path = new FieldPath(null, first, 0, Step.Name);
        return second is null ? path : path.Child(second);
    }

    /// <summary>The field <paramref name="name"/> of this one.</summary>
    public FieldPath Child(string name) => new(this, name, 0, Step.Name);

    /// <summary>A field of a field of this one.</summary>
    public FieldPath Child(string first, string second) => Child(first).Child(second);

    /// <summary>A field three steps deeper.</summary>
    public FieldPath Child(string first, string second, string third) => Child(first).Child(second).Child(third);

    /// <summary>The item at <paramref name="index"/> of this list.</summary>
    public FieldPath Index(int index) => new(this, null, index, Step.Index);

    /// <summary>The value of this map under <paramref name="key"/>.</summary>
    public FieldPath Key(string key) => new(this, key, 0, Step.Key);

    /// <summary>As errors name it: <c>spec.containers[0].resources.limits[cpu]</c>.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        Append(text);
        return text.ToString();
    }

    private void Append(StringBuilder text)
    {
        _parent?.Append(text);
        switch (_step)
        {
            case Step.Index:
                text.Append('[').Append(_index).Append(']');
                break;
            case Step.Key:
                text.Append('[').Append(_name).Append(']');
                break;
            case Step.Name:
            default:
                if (text.Length > 0)
                    text.Append('.');
                text.Append(_name);
                break;
        }
    }
}
