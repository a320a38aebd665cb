using Harness.Chaos;

namespace Tests.Cluster.Chaos;

/// <summary>No schedule makes the paying system lose an invoice or pay one twice; and where it would, the search finds that.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class ChaosTests
{
    private const int Schedules = 100;

    [Test, Category(Samples.Category)]
    public async Task No_schedule_loses_an_invoice_or_pays_one_twice()
    {
        var failures = new List<ChaosVerdict>();
        var passed = 0;
        await using var search = new ChaosSearch(PayingSystem.Options() with { Systems = 4 });

        await search.RunAsync(
            Samples.Seeds(Schedules).Select(PayingSystem.Plan),
            verdict =>
            {
                if (verdict.Passed)
                    passed++;
                else
                    failures.Add(verdict);
                return failures.Count == 0;
            },
            CancellationToken.None);

        Assert.That(failures, Is.Empty, string.Join('\n', failures.Select(Told)));
        Assert.That(passed, Is.GreaterThanOrEqualTo(Schedules));
    }

    [TestCase("ignored status")]
    [TestCase("mark before pay")]
    [TestCase("no idempotency")]
    [TestCase("in-memory store")]
    public async Task The_search_finds_a_defect_of_the_original_within_200_schedules(string defect)
    {
        var runs = 0;
        ChaosVerdict? found = null;
        await using var search = new ChaosSearch(PayingSystem.Options(DefectiveInvoiceApp.Of(defect)) with { Systems = 2 });

        await search.RunAsync(
            Enumerable.Range(1, 200).Select(PayingSystem.Plan),
            verdict =>
            {
                runs++;
                found = verdict.Passed ? found : verdict;
                return verdict.Passed;
            },
            CancellationToken.None);

        await TestContext.Out.WriteLineAsync($"{defect}: found by run {runs}: {found}");
        Assert.That(found, Is.Not.Null, $"{runs} schedules, and {defect} went unnoticed");
        Assert.That(found!.Failures, Has.Some.Contains(defect switch
        {
            "no idempotency" => "paid again under another id",
            "in-memory store" => "does not know",
            _ => "calls paid what the ledger does not hold",
        }), Told(found));
    }

    private static string Told(ChaosVerdict verdict) => $"{verdict}\n{string.Join('\n', verdict.Timeline)}\n{verdict.Plan.ToYaml()}";
}
