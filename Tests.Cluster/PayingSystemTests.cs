using Tests.Cluster.Clusters;

namespace Tests.Cluster;

/// <summary>The assertions of <see cref="PayingSystemAssertions"/> on every cluster under test.</summary>
[TestFixtureSource(typeof(ClusterUnderTest), nameof(ClusterUnderTest.All))]
[Category(ClusterUnderTest.Deployed)]
[FixtureLifeCycle(LifeCycle.SingleInstance)]
public sealed class PayingSystemTests(ClusterUnderTest underTest)
{
    private ICluster _cluster = null!;
    private PayingSystemAssertions _system = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _cluster = await underTest.StartAsync();
        _system = new PayingSystemAssertions(_cluster);
    }

    [OneTimeTearDown]
    public async Task EndAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
    }

    [Test]
    public Task Every_pod_is_Ready() => _system.Every_pod_is_Ready();

    [Test]
    public Task Its_network_enforces_policies() => PolicyEnforcement.AwaitAsync(_cluster);

    [Test]
    public Task Invoice_app_answers_from_outside() => _system.Invoice_app_answers_from_outside();

    [Test]
    public Task Payment_provider_does_not_answer_from_outside() => _system.Payment_provider_does_not_answer_from_outside();

    [Test]
    public Task Invoice_app_reaches_payment_provider_and_an_unrelated_pod_does_not() => _system.Invoice_app_reaches_payment_provider_and_an_unrelated_pod_does_not();

    [Test]
    public Task A_pod_of_another_namespace_reaches_neither_provider_nor_databases() => _system.A_pod_of_another_namespace_reaches_neither_provider_nor_databases();

    [Test]
    public Task Every_replica_says_that_all_invoices_are_paid_and_the_ledger_holds_each_once() => _system.Every_replica_says_that_all_invoices_are_paid_and_the_ledger_holds_each_once();

    [Test]
    public Task A_replica_killed_during_pay_loses_nothing() => _system.A_replica_killed_during_pay_loses_nothing();
}
