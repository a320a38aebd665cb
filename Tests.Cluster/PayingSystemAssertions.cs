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
        await cluster.ReadyPodsAsync(Invoices, "app.kubernetes.io/name=invoices-db", 1);
        await cluster.ReadyPodsAsync(Payments, "app.kubernetes.io/name=payments-db", 1);
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
        var invoiceApp = (await cluster.PodsAsync(Invoices, InvoiceAppPods))[0];
        var database = (await cluster.PodsAsync(Invoices, "app.kubernetes.io/name=invoices-db"))[0];

        // Without the control, "not reachable" would also hold where the probe itself is broken.
        var control = await cluster.ProbeAsync(Invoices, invoiceApp, "payment-provider.payments", PaymentProviderPort);
        var unrelated = await cluster.ProbeAsync(Invoices, database, "payment-provider.payments", PaymentProviderPort);

        Assert.Multiple(() =>
        {
            Assert.That(control, Is.EqualTo(Reachability.Reached), "invoice-app → payment-provider");
            Assert.That(unrelated, Is.EqualTo(Reachability.NotReachable), "invoices-db → payment-provider");
        });
    }

    public async Task A_pod_of_another_namespace_reaches_neither_provider_nor_databases()
    {
        await Every_pod_is_Ready();
        await using var stranger = await Stranger.StartAsync(cluster);

        var targets = new (string Host, int Port)[]
        {
            ("payment-provider.payments", PaymentProviderPort),
            ("payments-db.payments", PostgresPort),
            ("invoices-db.invoices", PostgresPort),
        };
        var probes = new List<(string Target, Reachability Came)>();
        foreach (var (host, port) in targets)
            probes.Add(($"{host}:{port}", await cluster.ProbeAsync(Stranger.Namespace, Stranger.Pod, host, port)));
        var open = await cluster.ProbeAsync(Stranger.Namespace, Stranger.Pod, "invoice-app.invoices", InvoiceAppPort);

        Assert.Multiple(() =>
        {
            Assert.That(probes.Select(probe => probe.Came), Is.All.EqualTo(Reachability.NotReachable), string.Join(", ", probes));
            Assert.That(open, Is.EqualTo(Reachability.Reached), "invoice-app is public: the stranger itself can connect");
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
