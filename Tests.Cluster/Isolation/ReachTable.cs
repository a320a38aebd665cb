using Tests.Cluster.Clusters;
using static Tests.Cluster.Clusters.PayingSystem;

namespace Tests.Cluster.Isolation;

/// <summary>
/// Who reaches whom, found out by trying: a process in each caller's pod connects to each address. No YAML is read. Addresses, not names: a
/// database may not ask the DNS either, and that alone must not be what keeps it in.
/// </summary>
internal static class ReachTable
{
    /// <summary>The connections that must work; all others must not.</summary>
    public static readonly IReadOnlySet<string> Expected = new HashSet<string>(StringComparer.Ordinal)
    {
        "invoice-app → payment-provider",
        "invoice-app → invoices-db",
        "payment-provider → payments-db",
        "invoice-app → payment-provider by name",
        "payment-provider → payments-db by name",
        // For the keys of its callers' tokens.
        "payment-provider → kubernetes",
        // Public.
        "stranger → invoice-app",
        "impostor → invoice-app",
        // The controls: whom no policy binds reaches what all others are kept from.
        "stranger → kubernetes",
        "impostor → kubernetes",
        "stranger → world",
        "impostor → world",
        "impostor → stranger",
    };

    /// <summary>What of <see cref="Expected"/> can be seen on a cluster: of the world, only where an address of it is known.</summary>
    public static IEnumerable<string> ExpectedOn(ICluster cluster) =>
        Expected.Where(connection => cluster.World is not null || !connection.EndsWith(" world", StringComparison.Ordinal));

    /// <summary>The connections that work, tried one by one: from each sort of pod of the system, a pod beside them in each namespace, a stranger and an impostor.</summary>
    public static async Task<IReadOnlySet<string>> TryAsync(ICluster cluster)
    {
        var targets = await TargetsAsync(cluster);
        // Callers side by side; each pod's own attempts one after the other.
        var reached = await Task.WhenAll((await CallersAsync(cluster)).Select(async caller =>
        {
            var found = new List<string>();
            foreach (var (name, address, port) in targets)
                // A Service of one's own may lead to oneself, which no policy forbids, or to another replica: no one answer is right.
                if (name != caller.Name && name != $"{caller.Name} by name" && await cluster.ProbeAsync(caller.Namespace, caller.Pod, address, port) == Reachability.Reached)
                    found.Add($"{caller.Name} → {name}");
            return found;
        }));
        return reached.SelectMany(found => found).ToHashSet(StringComparer.Ordinal);
    }

    private static async Task<IReadOnlyList<(string Name, string Namespace, string Pod)>> CallersAsync(ICluster cluster) =>
    [
        ("invoice-app", Invoices, (await cluster.PodsAsync(Invoices, InvoiceAppPods))[0]),
        ("invoices-db", Invoices, (await cluster.PodsAsync(Invoices, "app.kubernetes.io/name=invoices-db"))[0]),
        ("payment-provider", Payments, (await cluster.PodsAsync(Payments, PaymentProviderPods))[0]),
        ("payments-db", Payments, (await cluster.PodsAsync(Payments, "app.kubernetes.io/name=payments-db"))[0]),
        ("a pod of invoices", Invoices, Stranger.Colleague),
        ("a pod of payments", Payments, Stranger.Colleague),
        ("stranger", Stranger.Namespace, Stranger.Pod),
        ("impostor", Stranger.Namespace, Stranger.Impostor),
    ];

    /// <summary>Where one may want to go: each Service and each pod behind it, a pod of another namespace, the API server, the world.</summary>
    private static async Task<IReadOnlyList<(string Name, string Address, int Port)>> TargetsAsync(ICluster cluster)
    {
        var targets = new List<(string, string, int)>();
        foreach (var (name, @namespace, port) in ((string, string, int)[])
            [("invoice-app", Invoices, InvoiceAppPort), ("payment-provider", Payments, PaymentProviderPort), ("invoices-db", Invoices, PostgresPort), ("payments-db", Payments, PostgresPort)])
        {
            targets.Add((name, (await AddressesAsync(cluster, @namespace, $"app.kubernetes.io/name={name}"))[0], port));
            if ((await ServiceAsync(cluster, @namespace, name)) is { } service)
                targets.Add((name, service, port));
        }
        // By the names that the services use: who may not ask the DNS gets nowhere either.
        targets.Add(("payment-provider by name", "payment-provider.payments.svc.cluster.local", PaymentProviderPort));
        targets.Add(("payments-db by name", "payments-db.payments.svc.cluster.local", PostgresPort));
        targets.Add(("kubernetes", await ServiceAsync(cluster, "default", "kubernetes") ?? throw new InvalidOperationException("default/kubernetes has no address"), 443));
        targets.Add(("stranger", (await AddressesAsync(cluster, Stranger.Namespace, null, Stranger.Pod))[0], Stranger.Port));
        if (cluster.World is var (host, worldPort))
            targets.Add(("world", host, worldPort));
        return targets;
    }

    private static async Task<string?> ServiceAsync(ICluster cluster, string @namespace, string name) =>
        (await cluster.ListAsync("services", @namespace))
            .Where(service => service.GetProperty("metadata").GetProperty("name").GetString() == name)
            .Select(service => service.GetProperty("spec").GetProperty("clusterIP").GetString())
            .FirstOrDefault(address => address is not null and not "None");

    private static async Task<IReadOnlyList<string>> AddressesAsync(ICluster cluster, string @namespace, string? selector, string? name = null) =>
        [.. (await cluster.ListAsync("pods", @namespace, selector))
            .Where(pod => name is null || pod.GetProperty("metadata").GetProperty("name").GetString() == name)
            .Where(pod => !pod.GetProperty("metadata").TryGetProperty("deletionTimestamp", out _))
            .Select(pod => pod.GetProperty("status").TryGetProperty("podIP", out var address) ? address.GetString() : null)
            .OfType<string>()];
}
