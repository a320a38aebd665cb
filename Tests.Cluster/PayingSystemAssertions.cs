using System.Text.Json;
using Tests.Cluster.Clusters;
using static Tests.Cluster.Clusters.PayingSystem;

namespace Tests.Cluster;

/// <summary>
/// What the challenge asks, and what every cluster that runs k8s/base must show. Written once, against any cluster; what each is worth is
/// shown by <see cref="BrokenSystemTests"/>, where the thing it checks is broken.
/// </summary>
public sealed class PayingSystemAssertions(ICluster cluster)
{
    public async Task Every_pod_is_Ready()
    {
        await cluster.ReadyPodsAsync(Invoices, InvoiceAppPods, 3);
        await cluster.ReadyPodsAsync(Payments, PaymentProviderPods, 3);
        await cluster.ReadyPodsAsync(Invoices, PodsOf("invoices-db"), 1);
        await cluster.ReadyPodsAsync(Payments, PodsOf("payments-db"), 1);
    }

    public async Task Invoice_app_answers_from_outside()
    {
        await Every_pod_is_Ready();

        var answer = await cluster.RequestFromOutsideAsync(Host, HttpMethod.Get, "/invoices");

        Assert.That(answer.Code, Is.EqualTo(200), answer.Body);
        Assert.That(Ids(answer.Json), Is.SupersetOf(new[] { "I1", "I2", "I3" }));
    }

    public async Task Payment_provider_does_not_answer_from_outside()
    {
        var pods = await cluster.ReadyPodsAsync(Payments, PaymentProviderPods, 3);

        var byName = await cluster.RequestFromOutsideAsync("payment-provider.localhost", HttpMethod.Get, "/payments");
        var services = await cluster.ListAsync("services", Payments);
        var ingresses = await cluster.ListAsync("ingresses", Payments);

        Assert.Multiple(() =>
        {
            // Any host leads to invoice-app, the only service that is published: it knows no payments.
            Assert.That(byName.Code, Is.EqualTo(404), byName.Body);
            Assert.That(services.Select(service => service.GetProperty("spec").GetProperty("type").GetString()), Is.All.EqualTo("ClusterIP"));
            Assert.That(ingresses, Is.Empty);
            Assert.That(pods, Has.Count.EqualTo(3));
        });
    }

    public async Task Invoice_app_reaches_payment_provider_and_an_unrelated_pod_does_not()
    {
        await Every_pod_is_Ready();

        // Without the control, "not reachable" would also hold where the provider does not listen.
        var control = cluster.ProbeAsync(Probers.InvoiceApp, "payment-provider.payments", PaymentProviderPort);
        var unrelated = cluster.ProbeAsync(Probers.InvoicesDb, "payment-provider.payments", PaymentProviderPort);
        await Task.WhenAll(control, unrelated);

        Assert.Multiple(() =>
        {
            Assert.That(control.Result, Is.EqualTo(Reachability.Reached), "invoice-app → payment-provider");
            Assert.That(unrelated.Result, Is.EqualTo(Reachability.NotReachable), "invoices-db → payment-provider");
        });
    }

    public async Task A_pod_of_another_namespace_reaches_neither_provider_nor_databases()
    {
        await Every_pod_is_Ready();
        (string Host, int Port) provider = ("payment-provider.payments", PaymentProviderPort);
        (string Host, int Port) payments = ("payments-db.payments", PostgresPort);
        (string Host, int Port) invoices = ("invoices-db.invoices", PostgresPort);
        (string Host, int Port)[] denied = [provider, payments, invoices];

        // The stranger can connect, to what is public; and each target listens, for those who may.
        var stranger = cluster.ProbeAsync(Probers.Stranger, [.. denied, ("invoice-app.invoices", InvoiceAppPort)]);
        var controls = await Task.WhenAll(
            cluster.ProbeAsync(Probers.InvoiceApp, [provider, invoices]),
            cluster.ProbeAsync(Probers.PaymentProvider, [payments]));
        var probes = await stranger;

        Assert.Multiple(() =>
        {
            Assert.That(
                probes.Take(denied.Length), Is.All.EqualTo(Reachability.NotReachable),
                string.Join(", ", denied.Zip(probes, (target, found) => $"{target.Host}:{target.Port} {found}")));
            Assert.That(probes[^1], Is.EqualTo(Reachability.Reached), "invoice-app is public: the stranger itself can connect");
            Assert.That(controls.SelectMany(found => found), Is.All.EqualTo(Reachability.Reached), "the provider and the databases listen for their callers");
        });
    }

    public async Task Every_replica_says_that_all_invoices_are_paid_and_the_ledger_holds_each_once()
    {
        await Every_pod_is_Ready();
        var made = await CreateInvoicesAsync(30);

        var pay = await cluster.RequestFromOutsideAsync(Host, HttpMethod.Post, "/invoices/pay");

        Assert.That(pay.Code, Is.EqualTo(200), pay.Body);
        await AssertPaidEverywhereAsync(made);
        await PaidMeansPaidAsync();
    }

    public async Task A_replica_killed_during_pay_loses_nothing()
    {
        await Every_pod_is_Ready();
        var made = await CreateInvoicesAsync(400);
        var victim = (await cluster.PodsAsync(Invoices, InvoiceAppPods))[0];

        // The victim itself is asked to pay, and dies while it does.
        var cut = PayThroughAsync(victim);
        await Eventually.HoldsAsync(
            cluster.LedgerAsync, ledger => ledger.Any(made.Contains), "the first of the payments is made");
        await cluster.KillPodAsync(Invoices, victim);
        await cut;
        await cluster.ReadyPodsAsync(Invoices, InvoiceAppPods, 3);

        // Others take over what the dead one had claimed, as soon as its lease is over.
        await Eventually.HoldsAsync(
            () => cluster.RequestFromOutsideAsync(Host, HttpMethod.Post, "/invoices/pay"), answer => answer.Code == 200, "pay ends with nothing left unpaid");
        await AssertPaidEverywhereAsync(made);
    }

    /// <summary>Whatever any replica calls paid is in the provider's ledger.</summary>
    public async Task PaidMeansPaidAsync()
    {
        var ledger = (await cluster.LedgerAsync()).ToHashSet(StringComparer.Ordinal);
        foreach (var pod in await cluster.PodsAsync(Invoices, InvoiceAppPods))
        {
            var answer = await cluster.RequestToPodAsync(Invoices, pod, InvoiceAppPort, HttpMethod.Get, "/invoices");
            var paid = answer.Json.EnumerateArray().Where(invoice => invoice.GetProperty("IsPaid").GetBoolean()).Select(invoice => invoice.GetProperty("InvoiceId").GetString()!);
            Assert.That(paid.Where(id => !ledger.Contains(id)), Is.Empty, $"{pod} calls these paid, the ledger does not know them");
        }
    }

    private async Task PayThroughAsync(string pod)
    {
        try
        {
            await cluster.RequestToPodAsync(Invoices, pod, InvoiceAppPort, HttpMethod.Post, "/invoices/pay");
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException)
        {
            // The pod died in the middle, as it was meant to.
        }
    }

    private async Task<IReadOnlySet<string>> CreateInvoicesAsync(int count)
    {
        var stamp = Guid.NewGuid().ToString("N")[..8];
        var invoices = Enumerable.Range(0, count).Select(i => new Dictionary<string, object>
        {
            ["InvoiceId"] = $"T-{stamp}-{i}",
            ["Value"] = 1.25m + i,
            ["Currency"] = "EUR",
        }).ToList();
        var created = await cluster.RequestFromOutsideAsync(Host, HttpMethod.Post, "/invoices", JsonSerializer.Serialize(invoices));
        Assert.That(created.Code, Is.EqualTo(201), created.Body);
        return invoices.Select(invoice => (string)invoice["InvoiceId"]).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>Each replica is asked for itself: one that kept its own books would be found, whichever answered the payment.</summary>
    private async Task AssertPaidEverywhereAsync(IReadOnlySet<string> made)
    {
        var pods = await cluster.ReadyPodsAsync(Invoices, InvoiceAppPods, 3);
        foreach (var pod in pods)
        {
            var answer = await cluster.RequestToPodAsync(Invoices, pod, InvoiceAppPort, HttpMethod.Get, "/invoices");
            Assert.That(answer.Code, Is.EqualTo(200), answer.Body);
            Assert.Multiple(() =>
            {
                Assert.That(Unpaid(answer.Json), Is.Empty, $"{pod} says that these are not paid");
                Assert.That(Ids(answer.Json), Is.SupersetOf(made), $"{pod} knows every invoice");
            });
        }
        var ledger = await cluster.LedgerAsync();
        var paid = ledger.Where(made.Contains).ToList();
        Assert.Multiple(() =>
        {
            Assert.That(paid, Is.Unique, "an invoice was paid twice");
            Assert.That(paid, Has.Count.EqualTo(made.Count), "the ledger lacks payments");
        });
    }

    private static IReadOnlyList<string> Ids(JsonElement invoices) =>
        [.. invoices.EnumerateArray().Select(invoice => invoice.GetProperty("InvoiceId").GetString()!)];
}
