using System.Text.Json;
using ClusterSim.Manifests;
using Tests.Cluster.Broken;
using Tests.Cluster.Clusters;
using static Tests.Cluster.Clusters.PayingSystem;

namespace Tests.Cluster;

/// <summary>Each assertion bites: what it checks is broken, and it notices.</summary>
[Parallelizable(ParallelScope.Self)]
public sealed class BrokenSystemTests
{
    [Test]
    public async Task A_split_brain_is_noticed()
    {
        await using var cluster = await StartWithOriginalInvoiceAppAsync();

        var noticed = await Noticed.ByAsync(new PayingSystemAssertions(cluster).Every_replica_says_that_all_invoices_are_paid_and_the_ledger_holds_each_once);

        Assert.That(noticed, Does.Contain("knows every invoice").Or.Contain("are not paid"));
    }

    [Test]
    public async Task A_refused_payment_that_is_marked_paid_is_noticed()
    {
        await using var cluster = await StartWithOriginalInvoiceAppAsync(replicas: 1);
        await cluster.ReadyPodsAsync(Invoices, InvoiceAppPods, 1);
        // The provider refuses what is not positive; this app takes it, and takes the refusal for a payment.
        await cluster.RequestFromOutsideAsync(
            Host, HttpMethod.Post, "/invoices", JsonSerializer.Serialize(new[] { new { InvoiceId = "refused", Value = -5m, Currency = "EUR" } }));
        await cluster.RequestFromOutsideAsync(Host, HttpMethod.Post, "/invoices/pay");

        var noticed = await Noticed.ByAsync(() => new PayingSystemAssertions(cluster).PaidMeansPaidAsync());

        Assert.That(noticed, Does.Contain("refused"));
    }

    [Test]
    public async Task A_missing_policy_is_noticed()
    {
        await using var cluster = await SimulatedClusterUnderTest.StartAsync(
            change: manifests => [.. manifests.Where(manifest => !(manifest.Kind == "NetworkPolicy" && manifest.Namespace == Payments && manifest.Name is "default-deny" or "payment-provider-from-invoice-app"))]);

        await using var probers = await Probers.StartAsync(cluster);

        var noticed = await Noticed.ByAsync(new PayingSystemAssertions(cluster).A_pod_of_another_namespace_reaches_neither_provider_nor_databases);

        Assert.That(noticed, Does.Contain("payment-provider.payments:8082"));
    }

    private static Task<SimulatedClusterUnderTest> StartWithOriginalInvoiceAppAsync(int replicas = 3) => SimulatedClusterUnderTest.StartAsync(
        images: images => SimulatedClusterUnderTest.AddService(images, "invoice-app:1.0.0", OriginalInvoiceApp.RunAsync, "InvoiceApp"),
        change: manifests =>
        {
            foreach (var manifest in manifests.Where(manifest => manifest is { Kind: "Deployment", Name: "invoice-app" }))
                manifest.Object["spec"]!["replicas"] = replicas;
            // The autoscaler's minimum would win over the replicas.
            return [.. manifests.Where(manifest => manifest.Kind != "HorizontalPodAutoscaler")];
        });
}
