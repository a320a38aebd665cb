using ClusterSim.Storage;

namespace ClusterSim.Controllers.Jobs;

/// <summary>A Job's <c>successPolicy</c>: which indexes, or how many, are enough (<c>success_policy.go</c>).</summary>
internal static class JobSuccessPolicy
{
    /// <summary>The first rule that the indexes done so far meet; null where none is met, or there is no policy.</summary>
    public static int? Match(Document job, SortedSet<int> done)
    {
        var number = 0;
        foreach (var rule in job.Spec.At("successPolicy", "rules").Items())
        {
            var count = rule.At("succeededCount").Integer();
            var enough = rule.At("succeededIndexes").Text() is { } text && JobIndexes.Parse(text) is var wanted
                ? done.Count(wanted.Contains) >= (count ?? wanted.Count)
                : count is { } least && done.Count >= least;
            if (enough)
                return number;
            number++;
        }
        return null;
    }
}
