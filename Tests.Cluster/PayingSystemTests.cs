using Tests.Cluster.Clusters;

namespace Tests.Cluster;

/// <summary>
/// The assertions of <see cref="PayingSystemAssertions"/> on every cluster under test; those that only try connections are among
/// <see cref="Isolation.IsolationTests"/>, where the pods to try them from are.
/// </summary>
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

    [SetUp]
    public Task SkipUnlessEnforcedAsync() =>
        TestContext.CurrentContext.Test.MethodName == nameof(Its_network_enforces_policies) ? Task.CompletedTask : underTest.SkipUnlessEnforcedAsync(_cluster);

    [Test]
    public Task Every_pod_is_Ready() => _system.Every_pod_is_Ready();

    [Test]
    public Task Its_network_enforces_policies() => underTest.AwaitEnforcementAsync(_cluster);

    [Test]
    public Task Invoice_app_answers_from_outside() => _system.Invoice_app_answers_from_outside();

    [Test]
    public Task Payment_provider_does_not_answer_from_outside() => _system.Payment_provider_does_not_answer_from_outside();

    [Test]
    public Task Every_replica_says_that_all_invoices_are_paid_and_the_ledger_holds_each_once() => _system.Every_replica_says_that_all_invoices_are_paid_and_the_ledger_holds_each_once();

    [Test]
    public Task A_replica_killed_during_pay_loses_nothing() => _system.A_replica_killed_during_pay_loses_nothing();
}
