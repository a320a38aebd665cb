using System.Diagnostics;
using System.Globalization;
using System.Net;
using ClusterSim;
using ClusterSim.Faults;

namespace ClusterSim.Tests.Faults;

/// <summary>Each fault of the network, on the wire of a cluster, on connections that were open before it.</summary>
[TestFixture]
[Parallelizable(ParallelScope.None)]
internal sealed class WireFaultTests
{
    private static readonly PodSet Callers = PodSet.Parse("a/caller");
    private static readonly PodSet Servers = PodSet.Parse("a/server");
    private FaultyCluster _cluster = null!;

    [OneTimeSetUp]
    public async Task Start() => _cluster = await FaultyCluster.StartAsync();

    [OneTimeTearDown]
    public ValueTask Stop() => _cluster.DisposeAsync();

    [TestCase(true, true, 0, TestName = "A_partition_of_both_ways_holds_requests_back_until_it_is_healed")]
    [TestCase(true, false, 0, TestName = "A_partition_of_the_way_there_holds_requests_back")]
    [TestCase(false, false, 1, TestName = "A_partition_of_the_way_back_lets_requests_be_carried_out_and_holds_answers_back")]
    public async Task Partition(bool fromCallers, bool bothWays, int carriedOutMeanwhile)
    {
        using var client = _cluster.Client();
        await client.GetStringAsync("/");
        var before = _cluster.CarriedOut;

        Task<string> asked;
        using (_cluster.Cluster.Faults.Partition(fromCallers ? Callers : Servers, fromCallers ? Servers : Callers, bothWays))
        {
            var told = Told("held back");
            asked = client.GetStringAsync("/");
            await told;
            Assert.That((asked.IsCompleted, _cluster.CarriedOut - before), Is.EqualTo((false, carriedOutMeanwhile)));
        }

        Assert.That(await asked, Has.Length.EqualTo(3000), "what was said arrives once the network is healed");
        Assert.That(_cluster.CarriedOut - before, Is.EqualTo(1), "and once");
    }

    [Test]
    public async Task A_partition_keeps_new_connections_waiting_and_other_pods_out_of_it()
    {
        using var cut = _cluster.Client();
        using var other = _cluster.Client(caller: "caller-1");
        Task<string> asked;
        using (_cluster.Cluster.Faults.Partition(PodSet.Parse("a/caller#0"), PodSet.Parse("a/server#0")))
        {
            asked = cut.GetStringAsync("/");
            Assert.That(await other.GetStringAsync("/"), Has.Length.EqualTo(3000));
            using var elsewhere = _cluster.Client(server: 1);
            Assert.That(await elsewhere.GetStringAsync("/"), Has.Length.EqualTo(3000));
            Assert.That(asked.IsCompleted, Is.False);
        }

        Assert.That(await asked, Has.Length.EqualTo(3000));
    }

    [Test]
    public async Task A_caller_cut_off_by_a_partition_may_give_up()
    {
        using var client = _cluster.Client();
        await client.GetStringAsync("/");
        using var partition = _cluster.Cluster.Faults.Partition(Callers, Servers);
        using var patience = new CancellationTokenSource();

        var told = Told("held back");
        var asked = client.GetStringAsync("/", patience.Token);
        await told;
        await patience.CancelAsync();

        Assert.That(async () => await asked, Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task A_delay_makes_answers_come_later()
    {
        using var client = _cluster.Client();
        await client.GetStringAsync("/");
        using var delay = _cluster.Cluster.Faults.Delay(Servers, Callers, TimeSpan.FromMilliseconds(150));
        var began = Stopwatch.GetTimestamp();

        await client.GetStringAsync("/");

        Assert.That(Stopwatch.GetElapsedTime(began), Is.GreaterThanOrEqualTo(TimeSpan.FromMilliseconds(145)));
    }

    [Test]
    public async Task A_trickle_makes_answers_come_slowly_and_whole()
    {
        using var client = _cluster.Client();
        await client.GetStringAsync("/");
        using var trickle = _cluster.Cluster.Faults.Trickle(Servers, Callers, bytesPerSecond: 10_000);
        var began = Stopwatch.GetTimestamp();

        var answer = await client.GetStringAsync("/");

        Assert.That(answer, Is.EqualTo(new string('x', 3000)));
        Assert.That(Stopwatch.GetElapsedTime(began), Is.GreaterThanOrEqualTo(TimeSpan.FromMilliseconds(280)), "3,000 bytes at 10,000 a second");
    }

    [Test]
    public async Task Dropped_answers_are_lost_after_their_requests_were_carried_out()
    {
        using var client = _cluster.Client();
        await client.GetStringAsync("/");
        using var drop = _cluster.Cluster.Faults.DropAnswers(Callers, Servers, Dose.Times(2));
        var before = _cluster.CarriedOut;

        Assert.That(async () => await client.PostAsync("/", new StringContent("one")), Throws.InstanceOf<HttpRequestException>());
        Assert.That(async () => await client.PostAsync("/", new StringContent("two")), Throws.InstanceOf<HttpRequestException>());
        Assert.That((await client.PostAsync("/", new StringContent("three"))).StatusCode, Is.EqualTo(HttpStatusCode.OK));

        Assert.That(_cluster.CarriedOut - before, Is.EqualTo(3));
    }

    [Test]
    public async Task An_answer_reset_in_its_middle_breaks_off()
    {
        using var client = _cluster.Client();
        await client.GetStringAsync("/");
        using var reset = _cluster.Cluster.Faults.ResetAnswers(Callers, Servers, afterBytes: 1000, Dose.Times(1));

        using var answer = await client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), "the head came through");
        Assert.That(async () => await answer.Content.ReadAsStringAsync(), Throws.InstanceOf<HttpRequestException>().Or.InstanceOf<IOException>());
        Assert.That(await client.GetStringAsync("/"), Has.Length.EqualTo(3000));
    }

    [Test]
    public async Task Another_answer_is_given_in_the_servers_place()
    {
        using var client = _cluster.Client();
        await client.GetStringAsync("/");
        var before = _cluster.CarriedOut;
        using (_cluster.Cluster.Faults.AnswerInstead(Callers, Servers, new HttpAnswer { Status = 402, Body = """{"error":"no"}""", ToRequestsHolding = "\"dear\"" }))
        {
            using var refused = await client.PostAsync("/", new StringContent("""{"id":"dear"}"""));
            using var taken = await client.PostAsync("/", new StringContent("""{"id":"cheap"}"""));

            Assert.That(((int)refused.StatusCode, await refused.Content.ReadAsStringAsync()), Is.EqualTo((402, """{"error":"no"}""")));
            Assert.That((int)taken.StatusCode, Is.EqualTo(200));
            Assert.That(_cluster.CarriedOut - before, Is.EqualTo(1), "what was refused never arrived");
        }
        using (_cluster.Cluster.Faults.AnswerInstead(Callers, Servers, new HttpAnswer { Status = 503, AfterCarriedOut = true }, Dose.Times(1)))
        {
            using var ill = await client.PostAsync("/", new StringContent("one"));
            using var well = await client.PostAsync("/", new StringContent("two"));

            Assert.That(((int)ill.StatusCode, (int)well.StatusCode), Is.EqualTo((503, 200)));
            Assert.That(_cluster.CarriedOut - before, Is.EqualTo(3), "what was answered 503 was carried out");
        }
    }

    [Test]
    public void A_dose_skips_counts_and_dices_the_same_from_a_seed()
    {
        static string Strikes(Dose dose)
        {
            var taken = new Dose.Taken(dose);
            return string.Concat(Enumerable.Range(0, 40).Select(_ => taken.Strikes() ? 'x' : '.'));
        }

        Assert.That(Strikes(new Dose { Skip = 2, Count = 3 }), Does.StartWith("..xxx..."));
        var diced = Strikes(new Dose { Chance = 0.5, Seed = 7 });
        Assert.That(diced, Is.EqualTo(Strikes(new Dose { Chance = 0.5, Seed = 7 })).And.Not.EqualTo(Strikes(new Dose { Chance = 0.5, Seed = 8 })));
        Assert.That(diced.Count(strike => strike == 'x'), Is.InRange(8, 32));
    }

    [Test]
    public async Task A_skewed_clock_is_off_for_its_pod_alone_and_as_long_as_the_fault()
    {
        using var first = _cluster.Client(server: 0);
        using var second = _cluster.Client(server: 1);
        using (_cluster.Cluster.Faults.SkewClock(PodSet.Parse("a/server#0"), TimeSpan.FromHours(-3)))
        {
            var (skewed, right) = (await ClockAsync(first), await ClockAsync(second));
            Assert.That(right - skewed, Is.EqualTo(TimeSpan.FromHours(3)).Within(TimeSpan.FromMinutes(5)));
        }

        Assert.That(await ClockAsync(first), Is.EqualTo(await ClockAsync(second)).Within(TimeSpan.FromMinutes(5)));

        static async Task<DateTimeOffset> ClockAsync(HttpClient client) => DateTimeOffset.Parse(await client.GetStringAsync("/clock"), CultureInfo.InvariantCulture);
    }

    /// <summary>Completes when a fault tells that it struck so.</summary>
    private Task Told(string what)
    {
        var told = new TaskCompletionSource();
        _cluster.Cluster.Faults.Told = line =>
        {
            if (line.Contains(what, StringComparison.Ordinal))
                told.TrySetResult();
        };
        return told.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }
}
