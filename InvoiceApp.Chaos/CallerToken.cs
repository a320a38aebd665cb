using System.Text.Json;
using Harness.Chaos;

namespace InvoiceApp.Chaos;

/// <summary>The token that payment-provider accepts from invoice-app.</summary>
public static class CallerToken
{
    /// <summary>Requests a token for the audience of invoice-app's projected token; returns null where its pods have none.</summary>
    public static async Task<string?> RequestAsync(IChaosSystem system, CancellationToken cancellation)
    {
        var workload = PayingScenario.InvoiceApp;
        var pods = system.Pods(workload);
        if (pods.Count == 0 || system.Cluster.Find("pods", workload.Namespace, pods[0]) is not { } pod)
            return null;
        var spec = pod.GetProperty("spec");
        var audience = Items(spec, "volumes")
            .SelectMany(volume => volume.TryGetProperty("projected", out var projected) ? Items(projected, "sources") : [])
            .Select(source => source.TryGetProperty("serviceAccountToken", out var token) && token.TryGetProperty("audience", out var found) ? found.GetString() : null)
            .FirstOrDefault(found => !string.IsNullOrEmpty(found));
        return audience is null ? null : await system.TokenAsync(workload.Namespace, spec.GetProperty("serviceAccountName").GetString()!, audience, cancellation);
    }

    private static IEnumerable<JsonElement> Items(JsonElement element, string name) => element.TryGetProperty(name, out var items) ? items.EnumerateArray() : [];
}
