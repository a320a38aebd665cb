using FsCheck;
using FsCheck.Fluent;

namespace Tests.Unit.ClusterSim.Cluster;

/// <summary>Whatever people and accidents do to a cluster: in the end it is as it was last asked to be, and on the way no limit is broken.</summary>
[NonParallelizable]
public sealed class ConvergenceTests
{
    // Each is some minutes of a cluster with three nodes: a second or so of ours.
    private const int Stories = 8;

    [Test]
    public void Whatever_happens_the_cluster_comes_to_what_was_asked()
    {
        var deeds =
            from kind in Gen.Elements(Enum.GetValues<Deed>())
            from choice in Gen.Choose(0, 1000)
            from seconds in Gen.Elements(0, 1, 2, 5, 20, 70, 400)
            select new Happening(kind, choice, seconds);
        var stories =
            from happenings in deeds.ArrayOf(12)
            from surge in Gen.Choose(0, 2)
            from unavailable in Gen.Choose(0, 2)
            from seed in Gen.Choose(1, 100_000)
            where surge + unavailable > 0
            select new ConvergenceStory(surge, unavailable, seed, happenings);

        Prop.ForAll(stories.ToArbitrary(), story =>
        {
            var complaints = story.PlayAsync().GetAwaiter().GetResult();
            foreach (var complaint in complaints)
                TestContext.Out.WriteLine($"{story}: {complaint}");
            return complaints.Count == 0;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(Stories));
    }
}
