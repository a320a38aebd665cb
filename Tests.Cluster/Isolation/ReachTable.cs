using Tests.Cluster.Clusters;
using static Tests.Cluster.Clusters.PayingSystem;

namespace Tests.Cluster.Isolation;

/// <summary>Who reaches whom, found out by trying: a process in each caller's pod connects to each address. No YAML is read.</summary>
internal static class ReachTable
{
    /// <summary>Where one may want to go: each database and each service.</summary>
    public static readonly IReadOnlyList<(string Host, int Port)> Targets =
    [
        ("invoice-app.invoices", InvoiceAppPort),
        ("payment-provider.payments", PaymentProviderPort),
        ("invoices-db.invoices", PostgresPort),
        ("payments-db.payments", PostgresPort),
    ];

    /// <summary>The connections that must work; all others must not.</summary>
    public static readonly IReadOnlySet<string> Expected = new HashSet<string>(StringComparer.Ordinal)
    {
        "invoice-app → payment-provider.payments",
        "invoice-app → invoices-db.invoices",
        "payment-provider → payments-db.payments",
        "stranger → invoice-app.invoices",
        "impostor → invoice-app.invoices",
    };

    /// <summary>The connections that work, tried one by one from the pods of the system, a stranger and an impostor.</summary>
    public static async Task<IReadOnlySet<string>> TryAsync(ICluster cluster)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, @namespace, pod) in await CallersAsync(cluster))
            foreach (var (host, port) in Targets)
                // A Service of one's own may lead to oneself, which no policy forbids, or to another replica: no one answer is right.
                if (!host.StartsWith(name + ".", StringComparison.Ordinal) && await cluster.ProbeAsync(@namespace, pod, host, port) == Reachability.Reached)
                    reached.Add($"{name} → {host}");
        return reached;
    }

    private static async Task<IReadOnlyList<(string Name, string Namespace, string Pod)>> CallersAsync(ICluster cluster) =>
    [
        ("invoice-app", Invoices, (await cluster.PodsAsync(Invoices, InvoiceAppPods))[0]),
        ("invoices-db", Invoices, (await cluster.PodsAsync(Invoices, "app.kubernetes.io/name=invoices-db"))[0]),
        ("payment-provider", Payments, (await cluster.PodsAsync(Payments, PaymentProviderPods))[0]),
        ("payments-db", Payments, (await cluster.PodsAsync(Payments, "app.kubernetes.io/name=payments-db"))[0]),
        ("stranger", Stranger.Namespace, Stranger.Pod),
        ("impostor", Stranger.Namespace, Stranger.Impostor),
    ];
}
