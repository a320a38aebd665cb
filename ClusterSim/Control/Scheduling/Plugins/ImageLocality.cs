using ClusterSim.Scheduling.Framework;

namespace ClusterSim.Scheduling.Plugins;

/// <summary>Prefers nodes that have the pod's images, weighted by size and by how many nodes have them (<c>plugins/imagelocality</c>).</summary>
internal sealed class ImageLocality(INodeInfoLister lister) : IPreScorePlugin, IScorePlugin
{
    private const double MinThreshold = 23 * 1024 * 1024;
    private const double MaxContainerThreshold = 1000.0 * 1024 * 1024;

    /// <inheritdoc/>
    public string Name => nameof(ImageLocality);

    /// <inheritdoc/>
    public Status? PreScore(CycleState state, PodInfo pod, IReadOnlyList<NodeInfo> nodes)
    {
        Dictionary<string, double>? spread = null;
        foreach (var image in pod.Images)
        {
            var count = 0;
            foreach (var node in nodes)
                if (node.ImageSizes.ContainsKey(image))
                    count++;
            if (count > 0)
                (spread ??= new(StringComparer.Ordinal))[image] = (double)count / lister.Nodes.Count;
        }
        if (spread is null)
            return Status.Skip;
        state.Write(new PreScoreState(spread));
        return null;
    }

    /// <inheritdoc/>
    public double Score(CycleState state, PodInfo pod, NodeInfo node)
    {
        var spread = state.Read<PreScoreState>().Spread;
        double bytes = 0;
        foreach (var image in pod.Images)
            if (node.ImageSizes.TryGetValue(image, out var size) && spread.TryGetValue(image, out var fraction))
                bytes += size * fraction;
        var max = MaxContainerThreshold * pod.Images.Length;
        return Math.Floor(ScorePlugin.MaxNodeScore * (Math.Clamp(bytes, MinThreshold, max) - MinThreshold) / (max - MinThreshold));
    }

    /// <param name="Spread">The fraction of the nodes that have each image.</param>
    private sealed record PreScoreState(Dictionary<string, double> Spread);
}
