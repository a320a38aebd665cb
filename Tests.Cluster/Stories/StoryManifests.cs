namespace Tests.Cluster.Stories;

/// <summary>What the recorded stories applied.</summary>
internal static class StoryManifests
{
    /// <summary>The Deployment <c>web</c>.</summary>
    public static string Web(int replicas, string status = "200", string version = "", int deadline = 600) => $$"""
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: web }
        spec:
          replicas: {{replicas}}
          progressDeadlineSeconds: {{deadline}}
          strategy: { type: RollingUpdate, rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } }
          selector: { matchLabels: { app: web } }
          template:
            metadata: { labels: { app: web{{(version.Length == 0 ? "" : $", version: {version}")}} } }
            spec:
              terminationGracePeriodSeconds: 5
              containers:
                - name: main
                  image: box:1.0
                  args: [serve, "{{status}}"]
                  readinessProbe: { httpGet: { path: /, port: 8080 }, periodSeconds: 1 }
        """;

    /// <summary>Its PodDisruptionBudget.</summary>
    public const string Budget = """
        apiVersion: policy/v1
        kind: PodDisruptionBudget
        metadata: { name: web }
        spec:
          minAvailable: 2
          selector: { matchLabels: { app: web } }
        """;

    /// <summary>The StatefulSet <c>db</c>.</summary>
    public static string Database(string version = "") => $$"""
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: { name: db }
        spec:
          replicas: 3
          serviceName: db
          selector: { matchLabels: { app: db } }
          template:
            metadata: { labels: { app: db{{(version.Length == 0 ? "" : $", version: {version}")}} } }
            spec:
              terminationGracePeriodSeconds: 5
              containers:
                - name: main
                  image: box:1.0
                  args: [serve, "200"]
                  readinessProbe: { httpGet: { path: /, port: 8080 }, periodSeconds: 1 }
        """;

    /// <summary>The DaemonSet <c>agent</c>.</summary>
    public const string Agent = """
        apiVersion: apps/v1
        kind: DaemonSet
        metadata: { name: agent }
        spec:
          selector: { matchLabels: { app: agent } }
          template:
            metadata: { labels: { app: agent } }
            spec:
              terminationGracePeriodSeconds: 5
              containers:
                - name: main
                  image: box:1.0
                  args: [serve, "200"]
                  readinessProbe: { httpGet: { path: /, port: 8080 }, periodSeconds: 1 }
        """;

    /// <summary>A Job.</summary>
    public static string Job(string name, int code, string fields) => $$"""
        apiVersion: batch/v1
        kind: Job
        metadata: { name: {{name}} }
        spec:
          {{fields}}
          template:
            spec:
              restartPolicy: Never
              containers:
                - { name: main, image: "box:1.0", args: [exit, "{{code}}"] }
        """;

    /// <summary>The claim <c>data</c>.</summary>
    public const string Claim = """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: { name: data }
        spec:
          accessModes: [ReadWriteOnce]
          resources: { requests: { storage: 1Gi } }
        """;
}
