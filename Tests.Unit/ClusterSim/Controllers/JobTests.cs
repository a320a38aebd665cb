using ClusterSim.Controllers.Jobs;
using ClusterSim.Machinery;
using ClusterSim.Objects;
using ClusterSim.Storage;

namespace ClusterSim.Tests.Controllers;

public sealed class JobTests
{
    private static string Job(string name, string image, string spec) => $$"""
        {"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"{{name}}"},"spec":{ {{spec}},
         "template":{"metadata":{"labels":{"job":"{{name}}"} },"spec":{"restartPolicy":"Never","containers":[{"name":"main","image":"{{image}}"}]} } } }
        """;

    [Test]
    public async Task A_job_completes_and_says_so_once()
    {
        await using var cluster = await TestCluster.StartAsync();

        cluster.Create(Job("once", "exit 0", "\"completions\":3,\"parallelism\":2,\"backoffLimit\":6"));
        await cluster.SettleAsync();

        var status = cluster.Find("jobs", "once", "batch")!.Status;
        Assert.Multiple(() =>
        {
            Assert.That(status.At("succeeded").Integer(), Is.EqualTo(3));
            Assert.That(status.At("conditions").Items().Select(one => one.At("type").Text()), Is.EqualTo(new[] { "SuccessCriteriaMet", "Complete" }));
            Assert.That(cluster.Events("Job", "once"), Has.Count.EqualTo(4).And.Some.EqualTo("Normal Completed: Job completed (job-controller)"));
            Assert.That(cluster.Pods(), Has.Count.EqualTo(3).And.All.Matches<Document>(pod => !pod.HasFinalizer(JobTracking.Finalizer)));
        });
    }

    [Test]
    public async Task A_job_that_fails_backs_off_and_gives_up_at_its_limit()
    {
        await using var cluster = await TestCluster.StartAsync();

        cluster.Create(Job("stuck", "exit 1", "\"completions\":1,\"parallelism\":1,\"backoffLimit\":1"));
        await cluster.AdvanceAsync(9);
        var early = cluster.Pods().Count;
        await cluster.AdvanceAsync(5);

        var job = cluster.Find("jobs", "stuck", "batch")!;
        Assert.Multiple(() =>
        {
            Assert.That(early, Is.EqualTo(1));
            Assert.That(job.Status.At("failed").Integer(), Is.EqualTo(2));
            Assert.That(job.Status.At("conditions").Items().Select(one => $"{one.At("type").Text()} {one.At("reason").Text()} {one.At("message").Text()}"), Is.EqualTo(new[]
            {
                "FailureTarget BackoffLimitExceeded Job has reached the specified backoff limit",
                "Failed BackoffLimitExceeded Job has reached the specified backoff limit",
            }));
            Assert.That(cluster.Events("Job", "stuck")[^1], Is.EqualTo("Warning BackoffLimitExceeded: Job has reached the specified backoff limit (job-controller)"));
        });
    }

    [Test]
    public async Task An_indexed_job_does_each_index_once()
    {
        await using var cluster = await TestCluster.StartAsync();

        cluster.Create(Job("parts", "exit 0", "\"completions\":5,\"parallelism\":2,\"completionMode\":\"Indexed\",\"backoffLimit\":6"));
        await cluster.SettleAsync();

        Assert.Multiple(() =>
        {
            Assert.That(cluster.Find("jobs", "parts", "batch")!.Status.At("completedIndexes").Text(), Is.EqualTo("0-4"));
            Assert.That(cluster.Pods().Select(pod => pod.Annotation(CompletionIndexes.Annotation)), Is.EquivalentTo(new[] { "0", "1", "2", "3", "4" }));
        });
    }

    [Test]
    public async Task An_index_that_fails_too_often_is_given_up_and_the_others_go_on()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Kubelet.Exit = pod => pod.Annotation(CompletionIndexes.Annotation) == "1" ? 1 : 0;

        cluster.Create(Job("parts", "exit 0", "\"completions\":4,\"parallelism\":2,\"completionMode\":\"Indexed\",\"backoffLimitPerIndex\":1"));
        await cluster.AdvanceAsync(9);
        var early = cluster.Find("jobs", "parts", "batch")!.Status;
        await cluster.AdvanceAsync(5);

        var job = cluster.Find("jobs", "parts", "batch")!;
        Assert.Multiple(() =>
        {
            // The failed pod is counted when its successor has its count.
            Assert.That($"{early.At("completedIndexes").Text()} [{early.At("failedIndexes").Text()}] {early.At("failed").Integer(0)}", Is.EqualTo("0,2,3 [] 0"));
            Assert.That(job.Status.At("completedIndexes").Text(), Is.EqualTo("0,2,3"));
            Assert.That(job.Status.At("failedIndexes").Text(), Is.EqualTo("1"));
            Assert.That(job.Status.At("failed").Integer(), Is.EqualTo(2));
            Assert.That(
                cluster.Pods().Where(pod => pod.Annotation(CompletionIndexes.Annotation) == "1").Select(pod => pod.Annotation("batch.kubernetes.io/job-index-failure-count")),
                Is.EquivalentTo(new[] { "0", "1" }));
            Assert.That(Conditions(job), Is.EqualTo(new[] { "FailureTarget FailedIndexes Job has failed indexes", "Failed FailedIndexes Job has failed indexes" }));
            Assert.That(cluster.Pods(), Has.All.Matches<Document>(pod => !pod.HasFinalizer(JobTracking.Finalizer)));
        });
    }

    [Test]
    public async Task More_failed_indexes_than_allowed_end_the_job()
    {
        await using var cluster = await TestCluster.StartAsync();

        cluster.Create(Job("parts", "exit 1", "\"completions\":6,\"parallelism\":2,\"completionMode\":\"Indexed\",\"backoffLimitPerIndex\":0,\"maxFailedIndexes\":2"));
        await cluster.AdvanceAsync(20);

        var job = cluster.Find("jobs", "parts", "batch")!;
        Assert.Multiple(() =>
        {
            Assert.That(CompletionIndexes.Parse(job.Status.At("failedIndexes").Text()), Has.Count.InRange(3, 4));
            Assert.That(Conditions(job)[^1], Is.EqualTo("Failed MaxFailedIndexesExceeded Job has exceeded the specified maximal number of failed indexes"));
        });
    }

    [Test]
    public async Task A_rule_may_give_an_index_up_at_its_first_failure()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Kubelet.Exit = pod => pod.Annotation(CompletionIndexes.Annotation) == "0" ? 42 : 0;

        cluster.Create(Job("parts", "exit 0", """
            "completions":2,"parallelism":2,"completionMode":"Indexed","backoffLimitPerIndex":5,
            "podFailurePolicy":{"rules":[{"action":"FailIndex","onExitCodes":{"operator":"In","values":[42]} }]}
            """));
        await cluster.AdvanceAsync(5);

        var job = cluster.Find("jobs", "parts", "batch")!;
        Assert.Multiple(() =>
        {
            Assert.That(job.Status.At("failedIndexes").Text(), Is.EqualTo("0"));
            Assert.That(cluster.Pods(), Has.Count.EqualTo(2));
            Assert.That(Conditions(job)[^1], Is.EqualTo("Failed FailedIndexes Job has failed indexes"));
        });
    }

    [TestCase("""{"succeededIndexes":"0"}""", "0")]
    [TestCase("""{"succeededCount":1}""", "0")]
    [TestCase("""{"succeededIndexes":"0-1","succeededCount":1}""", "0")]
    public async Task A_success_policy_ends_a_job_when_enough_is_done(string rule, string done)
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Kubelet.Exit = pod => pod.Annotation(CompletionIndexes.Annotation) == "0" ? 0 : null;

        cluster.Create(Job("parts", "box", $$"""
            "completions":3,"parallelism":3,"completionMode":"Indexed","backoffLimit":6,"successPolicy":{"rules":[{{rule}}]}
            """));
        await cluster.AdvanceAsync(5);

        var job = cluster.Find("jobs", "parts", "batch")!;
        Assert.Multiple(() =>
        {
            Assert.That(job.Status.At("completedIndexes").Text(), Is.EqualTo(done));
            Assert.That(Conditions(job), Is.EqualTo(new[] { "SuccessCriteriaMet SuccessPolicy Matched rules at index 0", "Complete SuccessPolicy Matched rules at index 0" }));
            Assert.That(job.Status.At("active").Integer(0), Is.Zero);
        });
    }

    [TestCase("""{"spec":{"suspend":true} }""", 0)]
    [TestCase("""{"spec":{"parallelism":1} }""", 1)]
    public async Task Pods_that_a_job_wants_no_more_count_neither_as_done_nor_as_failed(string patch, int left)
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create(Job("idle", "box", "\"completions\":3,\"parallelism\":3,\"backoffLimit\":6"));
        await cluster.AdvanceAsync(2);

        cluster.Patch("jobs", "batch", "idle", patch);
        await cluster.AdvanceAsync(5);

        var job = cluster.Find("jobs", "idle", "batch")!;
        Assert.Multiple(() =>
        {
            Assert.That(cluster.Pods(), Has.Count.EqualTo(left));
            Assert.That($"{job.Status.At("active").Integer(0)} {job.Status.At("succeeded").Integer(0)} {job.Status.At("failed").Integer(0)}", Is.EqualTo($"{left} 0 0"));
        });
    }

    private static List<string> Conditions(Document job) =>
        [.. job.Status.At("conditions").Items().Select(one => $"{one.At("type").Text()} {one.At("reason").Text()} {one.At("message").Text()}")];

    [Test]
    public async Task A_failure_policy_ends_a_job_at_once_and_its_time_to_live_removes_it()
    {
        await using var cluster = await TestCluster.StartAsync();

        cluster.Create(Job("picky", "exit 42", """
            "completions":1,"parallelism":1,"backoffLimit":6,"ttlSecondsAfterFinished":30,
            "podFailurePolicy":{"rules":[{"action":"FailJob","onExitCodes":{"operator":"In","values":[42]} }]}
            """));
        await cluster.SettleAsync();
        var condition = cluster.Find("jobs", "picky", "batch")!.Condition("Failed");
        await cluster.AdvanceAsync(31);

        Assert.Multiple(() =>
        {
            Assert.That(condition.At("reason").Text(), Is.EqualTo("PodFailurePolicy"));
            Assert.That(condition.At("message").Text(), Does.Match("^Container main for pod default/picky-..... failed with exit code 42 matching FailJob rule at index 0$"));
            Assert.That(cluster.Find("jobs", "picky", "batch"), Is.Null);
            Assert.That(cluster.Pods(), Is.Empty);
        });
    }

    [Test]
    public async Task A_cron_jobs_day_passes_at_once_on_a_manual_clock()
    {
        await using var cluster = await TestCluster.StartAsync();
        cluster.Create("""
            {"apiVersion":"batch/v1","kind":"CronJob","metadata":{"name":"tick"},"spec":{"schedule":"0 * * * *","concurrencyPolicy":"Forbid",
             "successfulJobsHistoryLimit":3,"failedJobsHistoryLimit":1,
             "jobTemplate":{"spec":{"completions":1,"parallelism":1,"backoffLimit":6,
              "template":{"metadata":{"labels":{"job":"tick"}},"spec":{"restartPolicy":"Never","containers":[{"name":"main","image":"exit 0"}]}}}}}}
            """);
        await cluster.SettleAsync();

        await cluster.AdvanceAsync(24 * 3600 + 60);

        var jobs = cluster.List("jobs", "batch");
        Assert.Multiple(() =>
        {
            Assert.That(cluster.Find("cronjobs", "tick", "batch")!.Status.At("lastScheduleTime").Text(), Is.EqualTo("2026-11-23T00:00:00Z"));
            Assert.That(jobs, Has.Count.EqualTo(3));
            Assert.That(jobs[^1].Name, Is.EqualTo($"tick-{new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero).ToUnixTimeSeconds() / 60}"));
        });
    }

    [TestCase("*/15 * * * *", null, "2026-11-22T10:07:00Z", "2026-11-22T10:15:00Z")]
    [TestCase("0 9 * * 1-5", "Europe/Copenhagen", "2026-11-22T10:00:00Z", "2026-11-23T08:00:00Z")]
    [TestCase("30 2 29 feb *", null, "2026-01-01T00:00:00Z", "2028-02-29T02:30:00Z")]
    [TestCase("0 0 13 * 5", null, "2026-11-10T00:00:00Z", "2026-11-13T00:00:00Z")]
    [TestCase("@daily", null, "2026-11-22T10:00:00Z", "2026-11-23T00:00:00Z")]
    [TestCase("0 0 1,15 * *", null, "2026-11-02T00:00:00Z", "2026-11-15T00:00:00Z")]
    public void A_schedule_gives_its_next_time(string schedule, string? zone, string after, string next) =>
        Assert.That(CronParser.ParseStandard(schedule, zone is null ? null : TimeZoneInfo.FindSystemTimeZoneById(zone)).Next(DateTimeOffset.Parse(after)), Is.EqualTo(DateTimeOffset.Parse(next)));

    [TestCase("* * * *", "expected exactly 5 fields, found 4: [* * * *]")]
    [TestCase("61 * * * *", "end of range (61) above maximum (59): 61")]
    [TestCase("*/0 * * * *", "step of range should be a positive number: */0")]
    public void A_schedule_that_is_none_is_refused(string schedule, string complaint) =>
        Assert.That(() => CronParser.ParseStandard(schedule), Throws.TypeOf<FormatException>().With.Message.EqualTo(complaint));
}
