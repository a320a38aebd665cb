namespace ClusterSim.Scheduling.Framework;

/// <summary>
/// The pods of one namespace with one set of labels: selectors are matched once per group, not once per pod. Compared by identity;
/// the cache has one object for each.
/// </summary>
internal sealed class LabelGroup(string @namespace, IReadOnlyDictionary<string, string> labels)
{
    /// <summary>The namespace.</summary>
    public string Namespace { get; } = @namespace;

    /// <summary>The labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; } = labels;
}
