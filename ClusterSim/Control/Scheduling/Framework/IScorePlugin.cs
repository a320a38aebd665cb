namespace ClusterSim.Scheduling.Framework;

/// <summary>Ranks the nodes that fit a pod.</summary>
internal interface IScorePlugin : IPlugin
{
    /// <summary>Returns the node's score; from 0 to <see cref="ScorePlugin.MaxNodeScore"/> unless <see cref="NormalizeScore"/> scales it.</summary>
    double Score(CycleState state, PodInfo pod, NodeInfo node);

    /// <summary>Scales the scores of all nodes to 0 to <see cref="ScorePlugin.MaxNodeScore"/>.</summary>
    void NormalizeScore(Span<double> scores)
    {
    }
}

/// <summary>A score plugin and its weight in the profile.</summary>
internal sealed record ScorePlugin(IScorePlugin Plugin, int Weight)
{
    /// <summary>The highest score a plugin gives, before its weight (<c>framework.MaxNodeScore</c>).</summary>
    public const int MaxNodeScore = 100;
}
