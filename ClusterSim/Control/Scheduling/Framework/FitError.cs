namespace ClusterSim.Scheduling.Framework;

/// <summary>The reason why a pod fits no node (<c>framework.FitError</c>).</summary>
/// <param name="Message">The message of the event and the condition.</param>
/// <param name="UnschedulablePlugins">The plugins that rejected nodes.</param>
/// <param name="Candidate">The pods to remove so that the pod fits; null if removing pods does not help.</param>
internal sealed record FitError(string Message, IReadOnlySet<string> UnschedulablePlugins, Candidate? Candidate)
{
    /// <summary>The cluster has no nodes (<c>ErrNoNodesAvailable</c>).</summary>
    public static FitError NoNodes { get; } = new("no nodes available to schedule pods", new HashSet<string>(StringComparer.Ordinal), null);

    /// <summary>A PreFilter plugin rejected the pod for all nodes.</summary>
    public static FitError PreFilter(int nodes, Status status) =>
        // "not found" is what DynamicResources.PostFilter says when its own PreFilter did not run.
        new($"0/{nodes} nodes are available: {string.Join(", ", status.Reasons)}. not found", new HashSet<string>([status.Plugin], StringComparer.Ordinal), null);

    /// <summary>Filters rejected every node.</summary>
    public static FitError Filter(int nodes, IReadOnlyDictionary<NodeInfo, Status> nodeToStatus, PostFilterResult postFilter)
    {
        var message = Summary(nodes, nodeToStatus.Values.SelectMany(status => status.Reasons));
        if (postFilter.Candidate is null)
            message += $" no new claims to deallocate, preemption: {postFilter.Message}"; // The first part is DynamicResources.PostFilter's.
        return new(message, nodeToStatus.Values.Select(status => status.Plugin).ToHashSet(StringComparer.Ordinal), postFilter.Candidate);
    }

    /// <summary>Returns the reasons with their counts, sorted: <c>0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.</c></summary>
    public static string Summary(int nodes, IEnumerable<string> reasons)
    {
        var counted = reasons.GroupBy(reason => reason, StringComparer.Ordinal).Select(group => $"{group.Count()} {group.Key}").Order(StringComparer.Ordinal);
        return $"0/{nodes} nodes are available: {string.Join(", ", counted)}.";
    }
}
