using Tests.Cluster.Clusters;
using static Tests.Cluster.Clusters.PayingSystem;

namespace Tests.Cluster.Isolation;

/// <summary>
/// Who reaches whom, found out by trying: a process in each caller's prober pod connects to each address. No YAML is read. Addresses, not names:
/// a database may not ask the DNS either, and that alone must not be what keeps it in.
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

    /// <summary>The connections that work, all tried at once: from each of the <see cref="Probers"/> to each target.</summary>
    public static async Task<IReadOnlySet<string>> TryAsync(ICluster cluster)
    {
        var targets = await TargetsAsync(cluster);
        var reached = await Task.WhenAll(Probers.All.Select(async caller =>
        {
            // A Service of one's own may lead to oneself, which no policy forbids, or to another replica: no one answer is right.
            var others = targets.Where(target => target.Name != caller.Title && target.Name != $"{caller.Title} by name").ToList();
            var found = await cluster.ProbeAsync(caller, [.. others.Select(target => (target.Address, target.Port))]);
            return others.Where((_, index) => found[index] == Reachability.Reached).Select(target => $"{caller.Title} → {target.Name}");
        }));
        return reached.SelectMany(found => found).ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>The table of all differences, one line each; empty where there are none.</summary>
    public static string Differences(IReadOnlySet<string> reached, IEnumerable<string> expected)
    {
        var wanted = expected.ToHashSet(StringComparer.Ordinal);
        var rows = reached.Union(wanted, StringComparer.Ordinal).Where(connection => reached.Contains(connection) != wanted.Contains(connection)).Order(StringComparer.Ordinal)
            .Select(connection => $"  {connection,-40} {(wanted.Contains(connection) ? "reached" : "denied"),-10} {(reached.Contains(connection) ? "reached" : "denied")}\n").ToList();
        return rows.Count == 0 ? "" : $"  {"connection",-40} {"expected",-10} found\n{string.Concat(rows)}";
    }

    /// <summary>Where one may want to go: each Service and each pod behind it, a pod of another namespace, the API server, the world.</summary>
    private static async Task<IReadOnlyList<(string Name, string Address, int Port)>> TargetsAsync(ICluster cluster)
    {
        var targets = new List<(string, string, int)>();
        foreach (var (name, @namespace, port) in ((string, string, int)[])
            [("invoice-app", Invoices, InvoiceAppPort), ("payment-provider", Payments, PaymentProviderPort), ("invoices-db", Invoices, PostgresPort), ("payments-db", Payments, PostgresPort)])
        {
            targets.Add((name, (await AddressesAsync(cluster, @namespace, PodsOf(name)))[0], port));
            if ((await ServiceAsync(cluster, @namespace, name)) is { } service)
                targets.Add((name, service, port));
        }
        // By the names that the services use: who may not ask the DNS gets nowhere either.
        targets.Add(("payment-provider by name", "payment-provider.payments.svc.cluster.local", PaymentProviderPort));
        targets.Add(("payments-db by name", "payments-db.payments.svc.cluster.local", PostgresPort));
        targets.Add(("kubernetes", await ServiceAsync(cluster, "default", "kubernetes") ?? throw new InvalidOperationException("default/kubernetes has no address"), 443));
        targets.Add(("stranger", (await AddressesAsync(cluster, Probers.Strangers, null, Probers.Stranger.Name))[0], ProberPod.Port));
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
