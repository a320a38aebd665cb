using System.Globalization;

namespace ClusterSim.Kustomize.Kyaml;

/// <summary>What a part of a field path selects: a field, <c>[name=value]</c>, an index, <c>-</c> or <c>*</c>.</summary>
internal static class PathPart
{
    public static bool IsListIndex(string part) => part.StartsWith('[') && part.EndsWith(']');

    public static bool IsIndex(string part, out int index) => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out index);

    /// <summary>Splits <c>[name=value]</c>; the name is empty for elements that are scalars.</summary>
    /// <exception cref="KustomizeException">There is no <c>=</c>.</exception>
    public static (string Field, string Value) SplitNameValue(string part) => part[1..^1].Split('=', 2) is [var field, var value]
        ? (field, value)
        : throw new KustomizeException($"\"{part}\": an element of a list is selected by [field=value]");

    /// <summary>The kind of node that a missing part becomes: what the next part selects in, or the kind of the value at the end.</summary>
    public static NodeKind KindBefore(string? next, NodeKind last) =>
        next is null ? last : IsListIndex(next) || IsIndex(next, out _) ? NodeKind.Sequence : NodeKind.Mapping;
}
