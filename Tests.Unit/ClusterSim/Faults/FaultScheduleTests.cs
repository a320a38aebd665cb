using System.Globalization;
using System.Text;
using ClusterSim.Faults;
using ClusterSim.Faults.Schedules;
using ClusterSim.Network.Policies;
using Harness.Chaos;
using Harness.Commands;
using InvoiceApp.Chaos;

namespace ClusterSim.Tests.Faults;

[TestFixture]
internal sealed class FaultScheduleTests
{
    [TestCase("faults: [ { at: 1, killPod: { pods: a/b } } ]", "s.yaml: faults[0].at: found 1, should be a number with its unit, such as 250ms, 1.5s or 2m")]
    [TestCase("faults: [ { killPod: { pods: a/b } } ]", "s.yaml: faults[0].at: missing; should say when, from the schedule's start, such as 250ms")]
    [TestCase("faults: [ { at: 1s } ]", "s.yaml: faults[0]: found 0 faults, should be one of partition, delay, trickle, dropAnswers, resetAnswers, answer, skewClock, killPod, stopNode, stopServer")]
    [TestCase("faults: [ { at: 1s, kilPod: { pods: a/b } } ]", "s.yaml: faults[0].kilPod: not known; should be at, for, or one fault of partition, delay, trickle, dropAnswers, resetAnswers, answer, skewClock, killPod, stopNode, stopServer")]
    [TestCase("faults: [ { at: 1s, killPod: { pod: a/b } } ]", "s.yaml: faults[0].killPod.pod: not known; killPod has pods")]
    [TestCase("faults: [ { at: 1s, killPod: { pods: b } } ]", "s.yaml: faults[0].killPod.pods: found 'b', should be namespace/workload, namespace/workload#place, namespace/pod, namespace/* or *")]
    [TestCase("faults: [ { at: 1s, delay: { from: a/b, to: a/c } } ]", "s.yaml: faults[0].delay.by: missing; delay needs from, to, by")]
    [TestCase("faults: [ { at: 1s, answer: { from: a/b, to: a/c, status: 99 } } ]", "s.yaml: faults[0].answer.status: found 99, should be a whole number from 200 to 599")]
    [TestCase("faults: [ { at: 1s, partition: { from: a/b, to: a/c, direction: up } } ]", "s.yaml: faults[0].partition.direction: found 'up', should be both, there or back")]
    [TestCase("faults: [ { at: 1s, stopServer: {} } ]", "s.yaml: faults[0].stopServer.server: missing; stopServer needs server")]
    [TestCase("faults: [ { at: 1s, stopServer: { server: mysql } } ]", "s.yaml: faults: stopServer.server: found 'mysql', should be postgres")]
    [TestCase("faults: 7", "s.yaml: faults: found 7, should be a list")]
    [TestCase("fault: []", "s.yaml: fault: not known; should be seed, invoices, refused, calls or faults")]
    [TestCase("invoices: 0", "s.yaml: invoices: found 0, should be a whole number from 1 to 10000")]
    [TestCase("calls: [ { when: 1s } ]", "s.yaml: calls[0]: found {\"when\":\"1s\"}, should be { at: 100ms, replica: 0 }")]
    public void What_a_schedule_may_not_say_is_named_with_what_would_be_right(string yaml, string error) =>
        Assert.That(() => Read(yaml, "s.yaml"), Throws.TypeOf<CommandException>().With.Message.EqualTo(error));

    [Test]
    public void Every_generated_schedule_is_read_back_as_it_was_written()
    {
        var kinds = new HashSet<FaultKind>();
        foreach (var seed in Enumerable.Range(1, 500))
        {
            var plan = Generate(seed);
            var yaml = plan.ToYaml();

            var read = Read(yaml, "generated");

            Assert.That(read.ToYaml(), Is.EqualTo(yaml));
            Assert.That(read.Faults, Is.EqualTo(plan.Faults));
            Assert.That(LoadOf(read).Invoices, Is.EqualTo(LoadOf(plan).Invoices));
            kinds.UnionWith(plan.Faults.Select(fault => fault.Kind));
        }
        Assert.That(kinds, Is.EquivalentTo(Enum.GetValues<FaultKind>()), "500 seeds have every fault");
    }

    [Test]
    public void A_seed_gives_the_same_on_every_machine()
    {
        var plan = Generate(3);

        Assert.That(plan.ToYaml(), Is.EqualTo(SeedThree));
        Assert.That(
            string.Join(' ', LoadOf(plan).Invoices.Take(3).Select(invoice => string.Create(CultureInfo.InvariantCulture, $"{invoice.Id} {invoice.Value} {invoice.Currency}"))),
            Is.EqualTo("n00000 69758.13 GBP n00001 1984.900 KWD n00002 18057.83 USD"));
    }

    [Test]
    public void A_pod_is_known_by_its_workload()
    {
        PolicyPod Pod(string name, params (string, string)[] labels) => new() { Namespace = "a", Name = name, Labels = labels.ToDictionary(label => label.Item1, label => label.Item2) };
        PolicyPod[] pods =
        [
            Pod("web-5d4f8c-zz", ("pod-template-hash", "5d4f8c")), Pod("web-5d4f8c-aa", ("pod-template-hash", "5d4f8c")),
            Pod("web-admin-7c9-aa", ("pod-template-hash", "7c9")), Pod("db-0", ("apps.kubernetes.io/pod-index", "0")),
        ];
        string Held(string set) => string.Join(' ', pods.Where(PodSet.Parse(set).Resolve(pods).Holds).Select(pod => pod.Name));

        Assert.That(Held("a/web"), Is.EqualTo("web-5d4f8c-zz web-5d4f8c-aa"));
        Assert.That(Held("a/web#0"), Is.EqualTo("web-5d4f8c-aa"));
        Assert.That(Held("a/web#2"), Is.Empty);
        Assert.That(Held("a/db, a/web-admin"), Is.EqualTo("web-admin-7c9-aa db-0"));
        Assert.That(Held("a/db-0"), Is.EqualTo("db-0"));
        Assert.That(Held("a/*"), Is.EqualTo(Held("*")));
        Assert.That(Held("b/*"), Is.Empty);
    }

    [Test]
    public void Smaller_plans_have_less_of_everything_and_never_nothing_to_run()
    {
        var plan = Generate(3);
        foreach (var smaller in ChaosShrinker.Smaller(plan))
        {
            var (faults, calls, invoices, refused) = SizeOf(smaller);
            var (faultsBefore, callsBefore, invoicesBefore, refusedBefore) = SizeOf(plan);
            Assert.That(faults + calls + invoices + refused, Is.LessThan(faultsBefore + callsBefore + invoicesBefore + refusedBefore));
            Assert.That((calls, invoices), Is.GreaterThanOrEqualTo((1, 1)));
        }
    }

    private static ChaosPlan Generate(int seed) => new ChaosGenerator(new PayingScenario(), [ChaosOptions.PostgresName]).Generate(seed);

    private static ChaosPlan Read(string yaml, string source) => ChaosPlan.Read(yaml, source, new PayingScenario(), [ChaosOptions.PostgresName]);

    private static PayingLoad LoadOf(ChaosPlan plan) => (PayingLoad)plan.Load;

    private static (int Faults, int Calls, int Invoices, int Refused) SizeOf(ChaosPlan plan) =>
        (plan.Faults.Count, LoadOf(plan).Calls.Count, LoadOf(plan).Invoices.Count, LoadOf(plan).Invoices.Count(invoice => invoice.IsRefused));

    private const string SeedThree = """
        seed: 3
        invoices: 15
        calls:
          - { at: 45ms, replica: 0 }
          - { at: 49ms, replica: 1 }
          - { at: 94ms, replica: 1 }
          - { at: 236ms, replica: 1 }
        faults:
          - at: 73ms
            for: 135ms
            dropAnswers: { from: "invoices/invoice-app#1", to: "payments/payment-provider", chance: 0.1, seed: 690 }
          - at: 154ms
            for: 315ms
            resetAnswers: { from: "invoices/invoice-app", to: "payments/payment-provider#1", afterBytes: 15, count: 7 }
          - at: 202ms
            killPod: { pods: "payments/payment-provider#1" }
          - at: 213ms
            for: 315ms
            answer: { from: "invoices/invoice-app", to: "payments/payment-provider", status: 504, carriedOut: true, chance: 0.1, seed: 993 }

        """;
}
