using System.Text.Json;

namespace Tests.Cluster.Clusters;

/// <summary>
/// A pod that connections are tried from: busybox, which has <c>nc</c>, listening on a port of its own. Pod Security <c>restricted</c> admits it.
/// </summary>
/// <param name="Title">What it is in messages and tables.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Name">Its name.</param>
public sealed record ProberPod(string Title, string Namespace, string Name)
{
    /// <summary>The port that it listens on.</summary>
    public const int Port = 8080;

    /// <summary>Its container.</summary>
    public const string Container = "main";

    /// <summary>Its manifest, as a document of a YAML stream.</summary>
    public string Manifest(IReadOnlyDictionary<string, string> labels) => $$"""
        ---
        apiVersion: v1
        kind: Pod
        metadata:
          name: {{Name}}
          namespace: {{Namespace}}
          labels: {{JsonSerializer.Serialize(labels)}}
        spec:
          terminationGracePeriodSeconds: 0
          automountServiceAccountToken: false
          enableServiceLinks: false
          securityContext:
            runAsNonRoot: true
            runAsUser: 65534
            runAsGroup: 65534
            seccompProfile: { type: RuntimeDefault }
          containers:
            - name: {{Container}}
              image: busybox:1.37
              command: [httpd, -f, -p, "{{Port}}"]
              env:
                - name: POD_IP
                  valueFrom: { fieldRef: { fieldPath: status.podIP } }
              # Asked by the kubelet over the pod's network: a Ready pod's network works.
              readinessProbe:
                tcpSocket: { port: {{Port}} }
                periodSeconds: 1
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities: { drop: [ALL] }

        """;
}
