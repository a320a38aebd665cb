namespace ClusterSim.Tests.Cluster;

/// <summary>Manifests that the tests of whole clusters share.</summary>
internal static class Workloads
{
    /// <summary>nginx behind a readiness probe, and its Service.</summary>
    public static string Web(int replicas, string version = "1", int surge = 1, int unavailable = 0) => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: web }
        spec:
          replicas: {{replicas}}
          strategy: { rollingUpdate: { maxSurge: {{surge}}, maxUnavailable: {{unavailable}} } }
          selector: { matchLabels: { app: web } }
          template:
            metadata: { labels: { app: web, version: "{{version}}" } }
            spec:
              terminationGracePeriodSeconds: 5
              containers:
                - name: main
                  image: nginx:1.27
                  readinessProbe: { httpGet: { path: /, port: 80 }, periodSeconds: 1 }
        ---
        apiVersion: v1
        kind: Service
        metadata: { name: web }
        spec:
          selector: { app: web }
          ports: [{ port: 80, targetPort: 80 }]
        """;
}
