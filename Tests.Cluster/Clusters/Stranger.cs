namespace Tests.Cluster.Clusters;

/// <summary>Pods that have nothing to do with the paying system, in a namespace of its own.</summary>
public sealed class Stranger(ICluster cluster) : IAsyncDisposable
{
    public const string Namespace = "strangers";
    public const string Pod = "stranger";

    /// <summary>A second pod, which carries the labels of invoice-app: in the wrong namespace they are worth nothing.</summary>
    public const string Impostor = "impostor";

    /// <summary>Starts it, and waits until it runs.</summary>
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
        await cluster.ApplyAsync($"""
            apiVersion: v1
            kind: Pod
            metadata:
              name: {Pod}
              namespace: {Namespace}
            spec:
              terminationGracePeriodSeconds: 0
              containers:
                - name: main
                  image: busybox:1.37
                  command: [sleep, "3600"]
            ---
            apiVersion: v1
            kind: Pod
            metadata:
              name: {Impostor}
              namespace: {Namespace}
              labels:
                app.kubernetes.io/name: invoice-app
                app.kubernetes.io/instance: invoice-app
            spec:
              terminationGracePeriodSeconds: 0
              containers:
                - name: main
                  image: busybox:1.37
                  command: [sleep, "3600"]
            """);
        await Eventually.HoldsAsync(
            () => cluster.ListAsync("pods", Namespace), pods => pods.Count == 2 && pods.All(PayingSystem.IsReady), "the strangers run");
        return new Stranger(cluster);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await cluster.DeleteAsync("namespaces", null, Namespace);
}
