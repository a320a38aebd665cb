using ClusterSim.Storage;

namespace ClusterSim.Controllers.Jobs;

/// <summary>A Job's <c>successPolicy</c>: the indexes, or the number of indexes, that suffice (<c>success_policy.go</c>).</summary>
internal static class SuccessPolicy
{
    /// <summary>Returns the number of the first rule that the completed indexes match, or null (<c>matchSuccessPolicy</c>).</summary>
    public static int? Match(Document job, SortedSet<int> completed)
    {
        var number = 0;
        foreach (var rule in job.Spec.At("successPolicy", "rules").Items())
        {
            var count = rule.At("succeededCount").Integer();
            var matches = rule.At("succeededIndexes").Text() is { } text && CompletionIndexes.Parse(text) is var indexes
                ? completed.Count(indexes.Contains) >= (count ?? indexes.Count)
                : count is { } min && completed.Count >= min;
            if (matches)
                return number;
            number++;
        }
        return null;
    }
}
