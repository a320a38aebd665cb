using System.Text.Json;

namespace ClusterSim.Objects;

/// <summary>
/// A pod's <c>nodeSelector</c> and required node affinity; a node has to match both
/// (<c>GetRequiredNodeAffinity</c> of <c>k8s.io/component-helpers/scheduling/corev1/nodeaffinity</c>).
/// </summary>
internal sealed class RequiredNodeAffinity
{
    private readonly IReadOnlyDictionary<string, string> _labels;
    private readonly NodeSelector? _nodeSelector;

    private RequiredNodeAffinity(IReadOnlyDictionary<string, string> labels, NodeSelector? nodeSelector)
    {
        _labels = labels;
        _nodeSelector = nodeSelector;
    }

    /// <summary>Whether the pod accepts every node.</summary>
    public bool IsEmpty => _labels.Count == 0 && _nodeSelector is null;

    /// <summary>Reads the constraints of a pod spec.</summary>
    public static RequiredNodeAffinity Of(JsonElement podSpec) => new(
        podSpec.At("nodeSelector").TextMap(),
        NodeSelector.Of(podSpec.At("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")));

    /// <summary>Returns whether the node with this name and these labels matches.</summary>
    public bool Match(string name, IReadOnlyDictionary<string, string> labels)
    {
        foreach (var (key, value) in _labels)
            if (!labels.TryGetValue(key, out var found) || found != value)
                return false;
        return _nodeSelector is null || _nodeSelector.Match(name, labels);
    }
}
