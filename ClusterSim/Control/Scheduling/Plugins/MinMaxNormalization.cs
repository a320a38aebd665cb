using ClusterSim.Scheduling.Framework;

namespace ClusterSim.Scheduling.Plugins;

/// <summary>Scales scores to 0 to 100 between the lowest and the highest.</summary>
internal static class MinMaxNormalization
{
    /// <summary>Scales the scores in place. Equal scores all become 0. With <paramref name="reverse"/> the lowest score becomes the highest.</summary>
    public static void Apply(Span<double> scores, bool reverse)
    {
        var (low, high) = (double.MaxValue, double.MinValue);
        foreach (var score in scores)
        {
            low = Math.Min(low, score);
            high = Math.Max(high, score);
        }
        if (high <= low)
        {
            scores.Clear();
            return;
        }
        foreach (ref var score in scores)
        {
            var scaled = Math.Floor(ScorePlugin.MaxNodeScore * (score - low) / (high - low));
            score = reverse ? ScorePlugin.MaxNodeScore - scaled : scaled;
        }
    }
}
