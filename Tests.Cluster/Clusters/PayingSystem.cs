using System.Text.Json;

namespace Tests.Cluster.Clusters;

/// <summary>Names of what k8s/base deploys, in one place.</summary>
public static class PayingSystem
{
    public const string Invoices = "invoices";
    public const string Payments = "payments";
    public const string InvoiceAppPods = "app.kubernetes.io/name=invoice-app,app.kubernetes.io/instance=invoice-app";
    public const string PaymentProviderPods = "app.kubernetes.io/name=payment-provider,app.kubernetes.io/instance=payment-provider";
    public const int InvoiceAppPort = 8081;
    public const int PaymentProviderPort = 8082;
    public const int PostgresPort = 5432;
    public const string Host = "invoice-app.localhost";

    /// <summary>The selector of a workload's pods: its Deployment's or StatefulSet's own.</summary>
    public static string PodsOf(string workload) => $"app.kubernetes.io/name={workload},app.kubernetes.io/instance={workload}";

    /// <summary>The names of the pods that a selector finds and that are not on their way out.</summary>
    public static async Task<IReadOnlyList<string>> PodsAsync(this ICluster cluster, string @namespace, string selector) =>
        [.. (await cluster.ListAsync("pods", @namespace, selector))
            .Where(pod => !pod.GetProperty("metadata").TryGetProperty("deletionTimestamp", out _))
            .Select(pod => pod.GetProperty("metadata").GetProperty("name").GetString()!)];

    /// <summary>Whether the pod's Ready condition is true.</summary>
    public static bool IsReady(JsonElement pod) =>
        pod.GetProperty("status").TryGetProperty("conditions", out var conditions)
        && conditions.EnumerateArray().Any(condition => condition.GetProperty("type").GetString() == "Ready" && condition.GetProperty("status").GetString() == "True");

    /// <summary>Waits until so many pods of a selector are ready, and no others are there; gives their names.</summary>
    public static async Task<IReadOnlyList<string>> ReadyPodsAsync(this ICluster cluster, string @namespace, string selector, int count)
    {
        var pods = await Eventually.HoldsAsync(
            () => cluster.ListAsync("pods", @namespace, selector),
            found => found.Count == count && found.All(IsReady),
            $"{count} pods of {selector} in {@namespace} are Ready, and there are no others");
        return [.. pods.Select(pod => pod.GetProperty("metadata").GetProperty("name").GetString()!)];
    }

    /// <summary>The ids of the invoices a list shows as not paid.</summary>
    public static IReadOnlyList<string> Unpaid(JsonElement invoices) =>
        [.. invoices.EnumerateArray().Where(invoice => !invoice.GetProperty("IsPaid").GetBoolean()).Select(invoice => invoice.GetProperty("InvoiceId").GetString()!)];

    /// <summary>A token that the provider takes: the one that invoice-app's pods have too.</summary>
    public static Task<string> CallerTokenAsync(this ICluster cluster) => cluster.TokenAsync(Invoices, "invoice-app", "payment-provider");

    /// <summary>The ids of the ledger's payments, as the provider's pod tells them to invoice-app.</summary>
    public static async Task<IReadOnlyList<string>> LedgerAsync(this ICluster cluster)
    {
        var pod = (await cluster.PodsAsync(Payments, PaymentProviderPods))[0];
        var answer = await cluster.RequestToPodAsync(Payments, pod, PaymentProviderPort, HttpMethod.Get, "/payments", token: await cluster.CallerTokenAsync());
        Assert.That(answer.Code, Is.EqualTo(200), answer.Body);
        return [.. answer.Json.EnumerateArray().Select(payment => payment.GetProperty("id").GetString()!)];
    }
}
