namespace Harness.Chaos;

/// <summary>
/// Makes a failing plan smaller while it still fails: fewer faults, a smaller load. The seed does not fix the
/// interleavings, so a smaller plan gets several tries to fail.
/// </summary>
internal sealed class ChaosShrinker(ChaosSearch search, int tries, CancellationToken cancellation)
{
    /// <summary>The least that still fails, with the verdict of its last failure.</summary>
    public async Task<ChaosVerdict> ShrinkAsync(ChaosVerdict failed)
    {
        while (true)
        {
            ChaosVerdict? smaller = null;
            foreach (var candidate in Smaller(failed.Plan))
                if ((smaller = await FailsAsync(candidate)) is not null)
                    break;
            if (smaller is null)
                return failed;
            failed = smaller;
        }
    }

    /// <summary>How many of so many runs fail.</summary>
    public async Task<int> FailuresOfAsync(ChaosPlan plan, int runs)
    {
        var failures = 0;
        await search.RunAsync(Enumerable.Repeat(plan, runs), verdict =>
        {
            failures += verdict.Passed ? 0 : 1;
            return true;
        }, cancellation);
        return failures;
    }

    internal static IEnumerable<ChaosPlan> Smaller(ChaosPlan plan)
    {
        if (plan.Faults.Count > 1)
            yield return plan with { Faults = [] };
        for (var without = 0; without < plan.Faults.Count; without++)
            yield return plan with { Faults = [.. plan.Faults.Where((_, index) => index != without)] };
        foreach (var load in plan.Load.Smaller())
            yield return plan with { Load = load };
    }

    private async Task<ChaosVerdict?> FailsAsync(ChaosPlan plan)
    {
        ChaosVerdict? failed = null;
        await search.RunAsync(Enumerable.Repeat(plan, tries), verdict =>
        {
            if (!verdict.Passed)
                failed = verdict;
            return verdict.Passed;
        }, cancellation);
        return failed;
    }
}
