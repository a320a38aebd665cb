namespace Tests.Cluster.Clusters;

/// <summary>
/// Pods that have nothing to do with the paying system: in a namespace of their own, one of which listens, and one without any role in each
/// of the system's namespaces.
/// </summary>
public sealed class Stranger(ICluster cluster) : IAsyncDisposable
{
    public const string Namespace = "strangers";
    public const string Pod = "stranger";

    /// <summary>A second pod, which carries the labels of invoice-app: in the wrong namespace they are worth nothing.</summary>
    public const string Impostor = "impostor";

    /// <summary>A pod of each of the system's namespaces that nobody gave anything to do.</summary>
    public const string Colleague = "colleague";

    /// <summary>Where <see cref="Pod"/> listens.</summary>
    public const int Port = 8080;

    /// <summary>Starts them, and waits until they run.</summary>
    public static async Task<Stranger> StartAsync(ICluster cluster)
    {
        await cluster.ApplyAsync($"""
            apiVersion: v1
            kind: Namespace
            metadata:
              name: {Namespace}
            """);
        // A pod that comes before its namespace's default service account is refused.
        await Eventually.HoldsAsync(
            () => cluster.ListAsync("serviceaccounts", Namespace), accounts => accounts.Count > 0, "the namespace has its default service account");
        await cluster.ApplyAsync(
            PodOf(Namespace, Pod, "{}") + PodOf(Namespace, Impostor, "{ app.kubernetes.io/name: invoice-app, app.kubernetes.io/instance: invoice-app }")
            + PodOf(PayingSystem.Invoices, Colleague, "{}") + PodOf(PayingSystem.Payments, Colleague, "{}"));
        foreach (var (@namespace, count) in ((string, int)[])[(Namespace, 2), (PayingSystem.Invoices, 1), (PayingSystem.Payments, 1)])
            await Eventually.HoldsAsync(async () => (await cluster.ListAsync("pods", @namespace)).Where(IsOne).ToList(), pods => pods.Count == count && pods.TrueForAll(PayingSystem.IsReady), $"the strangers in {@namespace} run");
        return new Stranger(cluster);

        static bool IsOne(System.Text.Json.JsonElement pod) => pod.GetProperty("metadata").GetProperty("name").GetString() is Pod or Impostor or Colleague;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await cluster.DeleteAsync("pods", PayingSystem.Invoices, Colleague);
        await cluster.DeleteAsync("pods", PayingSystem.Payments, Colleague);
        await cluster.DeleteAsync("namespaces", null, Namespace);
    }

    private static string PodOf(string @namespace, string name, string labels) => $"""
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: {name}
          namespace: {@namespace}
          labels: {labels}
        spec:
          terminationGracePeriodSeconds: 0
          automountServiceAccountToken: false
          securityContext:
            runAsNonRoot: true
            runAsUser: 65534
            runAsGroup: 65534
            seccompProfile: {"{ type: RuntimeDefault }"}
          containers:
            - name: main
              image: busybox:1.37
              command: [httpd, -f, -p, "{Port}"]
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities: {"{ drop: [ALL] }"}

        """;
}
