using System.Text.Json;
using ClusterSim;
using ClusterSim.Faults;
using FsCheck;
using FsCheck.Fluent;
using Harness.Chaos;
using InvoiceApp.Chaos;

namespace Tests.Cluster.Chaos;

/// <summary>
/// Random programs against a model of a few lines: an invoice is unpaid, paid or refused; pay decides all that are unpaid, as the provider
/// would; only retry makes a refused one unpaid again. After every step each replica's invoices, and the ledger, are as the model has them.
/// </summary>
[NonParallelizable] // The lease of a claim is real time: a replica that a busy machine delays beyond it counts what another pays, too.
public sealed class PayingModelTests
{
    private const int Programs = 12;
    private static readonly PodSet Provider = PodSet.Parse("payments/payment-provider");

    public enum Deed
    {
        /// <summary>Three invoices more.</summary>
        Create,

        /// <summary>One replica is asked to pay.</summary>
        Pay,

        /// <summary>All replicas are asked to pay, one of them twice.</summary>
        PayAtOnce,

        /// <summary>A replica dies while it pays; another is asked then.</summary>
        KillDuringPay,

        /// <summary>The provider carries out what it is asked, and the answers are lost; then pay once more.</summary>
        LoseAnswers,

        /// <summary>From now on the provider refuses every third of the invoices to come.</summary>
        Refuse,

        /// <summary>The provider refuses nothing any more.</summary>
        Accept,

        /// <summary>An invoice is to be tried again, whatever became of it.</summary>
        Retry,
    }

    public sealed record Step(Deed Deed, int Which)
    {
        public override string ToString() => $"{Deed}({Which})";
    }

    private ChaosSystem _system = null!;

    [OneTimeSetUp]
    public async Task Start() => _system = await ChaosSystem.StartAsync(PayingSystem.Options(), CancellationToken.None);

    [OneTimeTearDown]
    public async Task Stop()
    {
        if (_system is not null)
            await _system.DisposeAsync();
    }

    [Test, Category(Samples.Category)]
    public void Whatever_is_done_in_whatever_order_invoices_and_ledger_agree_with_the_model()
    {
        var steps =
            from deed in Gen.Frequency((4, Gen.Constant(Deed.Create)), (3, Gen.Constant(Deed.Pay)), (3, Gen.Constant(Deed.PayAtOnce)), (1, Gen.Constant(Deed.KillDuringPay)),
                (2, Gen.Constant(Deed.LoseAnswers)), (2, Gen.Constant(Deed.Refuse)), (1, Gen.Constant(Deed.Accept)), (3, Gen.Constant(Deed.Retry)))
            from which in Gen.Choose(0, 11)
            select new Step(deed, which);

        Prop.ForAll(steps.ArrayOf(10).ToArbitrary(), program => PlayAsync(program).GetAwaiter().GetResult())
            .Check(Samples.Config(Programs).WithEndSize(10));
    }

    private async Task<bool> PlayAsync(IReadOnlyList<Step> program)
    {
        var run = await _system.RenewAsync(CancellationToken.None);
        var world = new World(_system, run);
        foreach (var step in program)
        {
            await world.DoAsync(step);
            if (await world.DifferenceAsync() is { } difference)
                throw new AssertionException($"after {step} of {string.Join(", ", program)}: {difference}");
        }
        world.Dispose();
        return true;
    }

    /// <summary>The system and its model, side by side.</summary>
    private sealed class World(ChaosSystem system, long run) : IDisposable
    {
        private readonly SortedDictionary<string, string> _model = new(StringComparer.Ordinal) { ["I1"] = "unpaid", ["I2"] = "unpaid", ["I3"] = "unpaid" };
        private readonly List<IDisposable> _refusals = [];
        private readonly HashSet<string> _refused = new(StringComparer.Ordinal);
        private bool _refuses;
        private int _created;

        public async Task DoAsync(Step step)
        {
            switch (step.Deed)
            {
                case Deed.Create:
                    var made = Enumerable.Range(0, 3).Select(_ => $"m{run}.{_created++:000}").ToList();
                    foreach (var id in made)
                    {
                        _model[id] = "unpaid";
                        if (_refuses && int.Parse(id[^3..]) % 3 == 0)
                            Refuse(id);
                    }
                    var body = JsonSerializer.Serialize(made.Select(id => new { InvoiceId = id, Value = 12.34m, Currency = "EUR" }));
                    // Asked again where the first answer was lost, what is known already just stays.
                    Assert.That((await AskAsync(step.Which, HttpMethod.Post, "/invoices", body)).Status, Is.EqualTo(201).Or.EqualTo(200));
                    break;
                case Deed.Pay:
                    await PayAsync(step.Which);
                    break;
                case Deed.PayAtOnce:
                    var before = _model.Count(invoice => invoice.Value == "unpaid" && !_refused.Contains(invoice.Key));
                    var answers = await Task.WhenAll(((int[])[0, 1, 2, step.Which]).Select(AskToPayAsync));
                    var paid = answers.Sum(answer => answer.Body.GetProperty("paid").GetInt64()) + await PayAsync(step.Which);
                    Assert.That(paid, Is.EqualTo(before), "each is paid by one of the calls");
                    break;
                case Deed.KillDuringPay:
                    var victim = Pods()[step.Which % 3];
                    var paying = AskToPayAsync(step.Which);
                    system.Cluster.Faults.KillPod(PayingScenario.InvoiceApp.Namespace, victim);
                    await ((Task)paying).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    await PayAsync(step.Which + 1);
                    await system.WholeAsync(CancellationToken.None);
                    // Killed twice it would wait out a back-off of ten seconds.
                    system.Cluster.Delete("pods", PayingScenario.InvoiceApp.Namespace, victim, gracePeriodSeconds: 0);
                    await system.Cluster.UntilAsync(() => !Pods().Contains(victim), TimeSpan.FromSeconds(60));
                    await system.WholeAsync(CancellationToken.None);
                    break;
                case Deed.LoseAnswers:
                    using (system.Cluster.Faults.DropAnswers(PodSet.Parse("invoices/invoice-app"), Provider, new Dose { Chance = 0.7, Seed = step.Which }))
                        await AskToPayAsync(step.Which);
                    await PayAsync(step.Which);
                    break;
                case Deed.Refuse:
                    _refuses = true;
                    break;
                case Deed.Accept:
                    _refuses = false;
                    Dispose();
                    break;
                default:
                    var chosen = _model.Keys.ElementAt(step.Which % _model.Count);
                    var status = (await AskAsync(step.Which, HttpMethod.Post, $"/invoices/{chosen}/retry")).Status;
                    Assert.That(status, Is.EqualTo(_model[chosen] == "paid" ? 409 : 200), $"{chosen}, which is {_model[chosen]}");
                    if (_model[chosen] == "refused")
                        _model[chosen] = "unpaid";
                    break;
            }
        }

        /// <summary>How the system differs from the model; null: it does not.</summary>
        public async Task<string?> DifferenceAsync()
        {
            var expected = string.Join(' ', _model.Select(invoice => $"{invoice.Key}={invoice.Value}"));
            for (var replica = 0; replica < 3; replica++)
            {
                var known = new SortedDictionary<string, string>(StringComparer.Ordinal);
                foreach (var id in _model.Keys)
                    known[id] = (await AskAsync(replica, HttpMethod.Get, $"/invoices/{id}")).Body.GetProperty("State").GetString()!;
                var found = string.Join(' ', known.Select(invoice => $"{invoice.Key}={invoice.Value}"));
                if (found != expected)
                    return $"{Pods()[replica]} has {found}, the model {expected}";
            }
            var ledger = await LedgerAsync();
            var paid = _model.Where(invoice => invoice.Value == "paid").Select(invoice => invoice.Key).ToList();
            return ledger.SequenceEqual(paid) ? null : $"the ledger has {string.Join(' ', ledger)}, the model {string.Join(' ', paid)}";
        }

        public void Dispose()
        {
            _refusals.ForEach(refusal => refusal.Dispose());
            _refusals.Clear();
            _refused.Clear();
        }

        private void Refuse(string id)
        {
            _refused.Add(id);
            _refusals.Add(system.Cluster.Faults.AnswerInstead(PodSet.All, Provider, new HttpAnswer { Status = 402, Body = """{"error":"no"}""", ToRequestsHolding = $"\"{id}\"" }));
        }

        /// <summary>Asks until nothing is left: a claim of who died, or failures in a row, may need another call.</summary>
        /// <returns>How many those calls paid.</returns>
        private async Task<long> PayAsync(int replica)
        {
            var paid = 0L;
            for (var calls = 0; ; calls++)
            {
                var (status, report) = await AskToPayAsync(replica);
                paid += report.TryGetProperty("paid", out var some) ? some.GetInt64() : 0;
                if (report.TryGetProperty("left", out var left) && left.GetInt64() == 0)
                    break;
                Assert.That(calls, Is.LessThan(20), $"{status} {report}");
            }
            Decide();
            return paid;
        }

        private void Decide()
        {
            foreach (var (id, _) in _model.Where(invoice => invoice.Value == "unpaid").ToList())
                _model[id] = _refused.Contains(id) ? "refused" : "paid";
        }

        private IReadOnlyList<string> Pods() => system.Pods(PayingScenario.InvoiceApp);

        private async Task<List<string>> LedgerAsync()
        {
            var pod = system.Pods(PayingScenario.PaymentProvider)[0];
            var (status, body) = await system.RequestAsync(PayingScenario.PaymentProvider, pod, HttpMethod.Get, "/payments", await CallerToken.RequestAsync(system, CancellationToken.None));
            Assert.That(status, Is.EqualTo(200), body);
            using var ledger = JsonDocument.Parse(body);
            return [.. ledger.RootElement.EnumerateArray().Select(payment => payment.GetProperty("id").GetString()!).Order(StringComparer.Ordinal)];
        }

        /// <summary>What may be asked twice, until it is answered.</summary>
        private async Task<(int Status, JsonElement Body)> AskAsync(int replica, HttpMethod method, string path, string? body = null)
        {
            var (status, answer) = await system.RequestAsync(PayingScenario.InvoiceApp, Pods()[replica % 3], method, path, json: body);
            using var json = JsonDocument.Parse(answer);
            return (status, json.RootElement.Clone());
        }

        /// <summary>A call to pay: its numbers count, so it is not asked twice.</summary>
        private async Task<(int Status, JsonElement Body)> AskToPayAsync(int replica)
        {
            using var client = system.Cluster.CreatePodClient(PayingScenario.InvoiceApp.Namespace, Pods()[replica % 3], PayingScenario.InvoiceApp.HttpPort!.Value);
            using var answer = await client.PostAsync(new Uri("/invoices/pay", UriKind.Relative), content: null);
            using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
            return ((int)answer.StatusCode, json.RootElement.Clone());
        }
    }
}
