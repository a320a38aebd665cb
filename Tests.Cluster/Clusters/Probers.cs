using System.Text.Json;
using ClusterSim.Json;
using static Tests.Cluster.Clusters.PayingSystem;

namespace Tests.Cluster.Clusters;

/// <summary>
/// The pods that a test of reachability connects from. One for each workload of the system stands beside its pods: a NetworkPolicy sees of a pod
/// its namespace and those labels that some policy selects by, so a prober with exactly these labels of a running pod is treated as that pod is.
/// It lacks the others, so no Service and no controller takes it for one of its own. A colleague in each namespace has no labels; a stranger and
/// an impostor, with the labels of invoice-app, are in a namespace of their own.
/// </summary>
public sealed class Probers : IAsyncDisposable
{
    /// <summary>The namespace of the pods that have nothing to do with the system.</summary>
    public const string Strangers = "strangers";

    public static readonly ProberPod InvoiceApp = new("invoice-app", Invoices, "prober-invoice-app");
    public static readonly ProberPod InvoicesDb = new("invoices-db", Invoices, "prober-invoices-db");
    public static readonly ProberPod PaymentProvider = new("payment-provider", Payments, "prober-payment-provider");
    public static readonly ProberPod PaymentsDb = new("payments-db", Payments, "prober-payments-db");
    public static readonly ProberPod InvoicesColleague = new("a pod of invoices", Invoices, "prober-colleague");
    public static readonly ProberPod PaymentsColleague = new("a pod of payments", Payments, "prober-colleague");
    public static readonly ProberPod Stranger = new("stranger", Strangers, "stranger");

    /// <summary>A pod that has the labels of invoice-app in the wrong namespace.</summary>
    public static readonly ProberPod Impostor = new("impostor", Strangers, "impostor");

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<ProberPod> All =
        [InvoiceApp, InvoicesDb, PaymentProvider, PaymentsDb, InvoicesColleague, PaymentsColleague, Stranger, Impostor];

    private static readonly ProberPod[] BesideWorkloads = [InvoiceApp, InvoicesDb, PaymentProvider, PaymentsDb];

    private readonly ICluster _cluster;

    private Probers(ICluster cluster) => _cluster = cluster;

    /// <summary>Removes what an earlier run has left, starts the pods, and waits until they are Ready.</summary>
    public static async Task<Probers> StartAsync(ICluster cluster)
    {
        var probers = new Probers(cluster);
        await probers.DisposeAsync();
        try
        {
            await TestNamespace.CreateAsync(cluster, Strangers);
            await Eventually.HoldsAsync(probers.PodsAsync, pods => pods.Count == 0, "the probers of an earlier run are gone");
            await cluster.ApplyAsync(string.Concat(await probers.ManifestsAsync()));
            await Eventually.HoldsAsync(probers.PodsAsync, pods => pods.Count == All.Count && pods.All(IsReady), $"the {All.Count} probers are Ready", TestNamespace.ImageLimit);
            return probers;
        }
        catch
        {
            await probers.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var prober in All.Where(prober => prober.Namespace != Strangers))
            await _cluster.DeleteAsync("pods", prober.Namespace, prober.Name);
        await _cluster.DeleteAsync("namespaces", null, Strangers);
    }

    private async Task<IReadOnlyList<string>> ManifestsAsync()
    {
        var selected = new HashSet<string>(StringComparer.Ordinal);
        foreach (var @namespace in (string[])[Invoices, Payments])
            foreach (var policy in await _cluster.ListAsync("networkpolicies", @namespace))
                selected.UnionWith(SelectedLabels(policy));
        var manifests = new List<string>();
        foreach (var prober in All)
            manifests.Add(prober.Manifest(await LabelsAsync(prober, selected)));
        return manifests;
    }

    private async Task<IReadOnlyDictionary<string, string>> LabelsAsync(ProberPod prober, HashSet<string> selected)
    {
        if (prober == Impostor)
            return new Dictionary<string, string>(StringComparer.Ordinal) { ["app.kubernetes.io/name"] = "invoice-app", ["app.kubernetes.io/instance"] = "invoice-app" };
        if (!BesideWorkloads.Contains(prober))
            return new Dictionary<string, string>(StringComparer.Ordinal);
        var pod = (await _cluster.ListAsync("pods", prober.Namespace, PodsOf(prober.Title)))[0];
        var labels = pod.At("metadata", "labels").TextMap().Where(label => selected.Contains(label.Key)).ToDictionary(StringComparer.Ordinal);
        foreach (var service in await _cluster.ListAsync("services", prober.Namespace))
            if (service.At("spec", "selector").TextMap() is { Count: > 0 } selector && selector.All(label => labels.GetValueOrDefault(label.Key) == label.Value))
                throw new InvalidOperationException(
                    $"Service {prober.Namespace}/{service.At("metadata", "name").Text()}: spec.selector: found only labels that NetworkPolicies select by too, should be narrower: it would send requests to the prober of {prober.Title}");
        return labels;
    }

    /// <summary>The keys of the labels that a policy selects pods by, its own and its peers'.</summary>
    internal static IEnumerable<string> SelectedLabels(JsonElement policy)
    {
        var spec = policy.At("spec");
        var peers = spec.At("ingress").Items().SelectMany(rule => rule.At("from").Items()).Concat(spec.At("egress").Items().SelectMany(rule => rule.At("to").Items()));
        return peers.Append(spec).Select(each => each.At("podSelector")).SelectMany(selector =>
            selector.At("matchLabels").TextMap().Keys.Concat(selector.At("matchExpressions").Items().Select(expression => expression.At("key").Text(""))));
    }

    private async Task<IReadOnlyList<JsonElement>> PodsAsync()
    {
        var found = new List<JsonElement>();
        foreach (var @namespace in (string[])[Invoices, Payments, Strangers])
            found.AddRange((await _cluster.ListAsync("pods", @namespace)).Where(pod => All.Any(prober => prober.Namespace == @namespace && prober.Name == pod.At("metadata", "name").Text())));
        return found;
    }
}
