using System.Globalization;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Controllers;

/// <summary>
/// Which pods go first when there are too many (<c>ActivePodsWithRanks</c>): not bound before bound; Pending before Unknown before Running;
/// not ready before ready; lower deletion cost; on a node with more of its kin; ready for a shorter time; more restarts; younger. Times
/// are compared by powers of two of their age (logarithmic scale-down), then by uid.
/// </summary>
internal sealed class PodDeletionOrder(IReadOnlyDictionary<string, int> kinOnNode, DateTimeOffset now) : IComparer<Document>
{
    /// <summary>Where a pod may say how dear it is.</summary>
    public const string CostAnnotation = "controller.kubernetes.io/pod-deletion-cost";

    /// <summary>Counts the active pods by node.</summary>
    public static Dictionary<string, int> CountByNode(IEnumerable<Document> pods)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var pod in pods)
            if (pod.NodeName is { } node && pod.IsActive())
                counts[node] = counts.GetValueOrDefault(node) + 1;
        return counts;
    }

    /// <inheritdoc/>
    public int Compare(Document? x, Document? y)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(y);
        var order = (x.NodeName is not null).CompareTo(y.NodeName is not null);
        if (order == 0)
            order = PhaseRank(x).CompareTo(PhaseRank(y));
        if (order == 0)
            order = x.IsReady().CompareTo(y.IsReady());
        if (order == 0)
            order = Cost(x).CompareTo(Cost(y));
        if (order == 0)
            order = -Kin(x).CompareTo(Kin(y));
        if (order == 0 && x.IsReady())
            order = Younger(ReadySince(x), ReadySince(y));
        if (order == 0)
            order = -x.Restarts().CompareTo(y.Restarts());
        if (order == 0)
            order = Younger(x.Created(), y.Created());
        return order != 0 ? order : string.CompareOrdinal(x.Uid, y.Uid);
    }

    private static int PhaseRank(Document pod) => pod.Phase() switch { "Pending" or "" => 0, "Unknown" => 1, _ => 2 };

    private static int Cost(Document pod) =>
        int.TryParse(pod.Annotation(CostAnnotation), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var cost) ? cost : 0;

    private static DateTimeOffset ReadySince(Document pod) => pod.Condition("Ready").At("lastTransitionTime").Time() ?? DateTimeOffset.MinValue;

    private int Kin(Document pod) => pod.NodeName is { } node ? kinOnNode.GetValueOrDefault(node) : 0;

    private int Younger(DateTimeOffset one, DateTimeOffset other) => LogAge(one).CompareTo(LogAge(other));

    private int LogAge(DateTimeOffset since) => (int)Math.Log2(Math.Max(0, (now - since).TotalNanoseconds) + 1);
}
