using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim;
using ClusterSim.Faults;
using Contracts;
using Harness.Kube;

namespace Tests.Contract.Provider;

/// <summary>
/// Provider states on a cluster: payments through the provider's API, tokens from the cluster itself, the ledger taken away by scaling its
/// database to nothing. Kubernetes gives no token for less than ten minutes: for one that has expired the provider's pods see a later time of day.
/// </summary>
internal sealed class ClusterStates(SimulatedCluster cluster, KubeClient kube, ReachableStates payments) : IProviderStates
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    // Longer than any token lives here.
    private static readonly TimeSpan Later = TimeSpan.FromDays(2);
    private bool _away;
    private IDisposable? _skewed;

    /// <summary>A token of a service account's for the payment provider, as the kubelet would ask for one.</summary>
    public static Task<string> TokenAsync(KubeClient kube, string @namespace, string account) => kube.TokenAsync(@namespace, account, "payment-provider");

    public async Task<IReadOnlyDictionary<string, string>> SetUpAsync(ProviderState state, CancellationToken cancellation)
    {
        switch (state.Name)
        {
            case ProviderStates.LedgerAway:
                _away = true;
                await ScaleAsync(0);
                await cluster.UntilAsync(() => cluster.List("pods", "payments", "app.kubernetes.io/name=payments-db").Count == 0, Limit, cancellation);
                return await CallerAsync("invoices", "invoice-app");
            case ProviderStates.CallerExpired:
                _skewed = cluster.Faults.SkewClock(PodSet.Parse("payments/payment-provider"), Later);
                return await CallerAsync("invoices", "invoice-app");
            case ProviderStates.CallerForeign:
                return await CallerAsync("invoices", "default");
            default:
                return await payments.SetUpAsync(state, cancellation);
        }
    }

    public async Task TearDownAsync(ProviderState state, CancellationToken cancellation)
    {
        _skewed?.Dispose();
        _skewed = null;
        if (!_away)
            return;
        await ScaleAsync(1);
        await cluster.UntilAsync(() => cluster.List("pods", "payments", "app.kubernetes.io/name=payments-db").Any(IsReady), Limit, cancellation);
        await cluster.ReadyAsync(Limit, "payments", cancellation);
        foreach (var pod in cluster.List("pods", "payments", "app.kubernetes.io/name=payment-provider"))
            await AnswersAsync(pod.GetProperty("metadata").GetProperty("name").GetString()!, cancellation);
        _away = false;
    }

    /// <summary>Each replica keeps connections to the database that is gone, and learns so from the next request: until none is left.</summary>
    private async Task AnswersAsync(string pod, CancellationToken cancellation)
    {
        using var client = cluster.CreatePodClient("payments", pod, 8082);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(kube, "invoices", "invoice-app"));
        await Eventually.ThatAsync(async () =>
        {
            for (var connection = 0; connection < 8; connection++)
            {
                using var answer = await client.GetAsync("/payments?limit=1", cancellation);
                if (!answer.IsSuccessStatusCode)
                    return false;
            }
            return true;
        }, $"{pod} reaches its database", cancellation: cancellation);
    }

    private static bool IsReady(JsonElement pod) => pod.TryGetProperty("status", out var status) && status.TryGetProperty("conditions", out var conditions)
        && conditions.EnumerateArray().Any(one => one.GetProperty("type").GetString() == "Ready" && one.GetProperty("status").GetString() == "True");

    private async Task<IReadOnlyDictionary<string, string>> CallerAsync(string @namespace, string account) =>
        new Dictionary<string, string>(StringComparer.Ordinal) { [ProviderStates.Token] = await TokenAsync(kube, @namespace, account) };

    private Task ScaleAsync(int replicas) => kube.SendAsync(
        HttpMethod.Patch, "/apis/apps/v1/namespaces/payments/statefulsets/payments-db", new JsonObject { ["spec"] = new JsonObject { ["replicas"] = replicas } },
        "application/merge-patch+json");
}
