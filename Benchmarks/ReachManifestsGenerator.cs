using System.Globalization;
using System.Text;

namespace Benchmarks;

/// <summary>
/// Manifests for <c>harness reach</c> to be measured with: so many pods of as many workloads, in twenty namespaces, two ports each, every pod with
/// labels of its own; default-deny and DNS in each namespace, and for every tenth pod a policy of its own, so that pods are told apart.
/// </summary>
internal static class ReachManifestsGenerator
{
    private const int Namespaces = 20;
    private const int Tiers = 5;
    private const int PolicyEvery = 10;

    /// <summary>Writes a file a namespace; returns the exit code.</summary>
    public static int Write(string folder, int pods)
    {
        Directory.CreateDirectory(folder);
        for (var number = 0; number < Namespaces; number++)
        {
            var text = new StringBuilder();
            text.Append(CultureInfo.InvariantCulture, $$"""
                apiVersion: v1
                kind: Namespace
                metadata:
                  name: ns-{{number}}
                  labels:
                    team: team-{{number % 4}}
                ---
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata:
                  name: default-deny
                  namespace: ns-{{number}}
                spec:
                  podSelector: {}
                  policyTypes: [Ingress, Egress]
                  egress:
                    - to:
                        - namespaceSelector:
                            matchLabels:
                              kubernetes.io/metadata.name: kube-system
                      ports:
                        - protocol: UDP
                          port: 53
                    - to:
                        - namespaceSelector:
                            matchLabels:
                              team: team-{{number % 4}}

                """);
            for (var pod = number; pod < pods; pod += Namespaces)
                Append(text, number, pod);
            File.WriteAllText(Path.Combine(folder, $"ns-{number}.yaml"), text.ToString());
        }
        return 0;
    }

    private static void Append(StringBuilder text, int number, int pod)
    {
        text.Append(CultureInfo.InvariantCulture, $$"""
            ---
            apiVersion: v1
            kind: Pod
            metadata:
              name: pod-{{pod}}
              namespace: ns-{{number}}
              labels:
                app: app-{{pod}}
                tier: tier-{{pod / Namespaces % Tiers}}
            spec:
              containers:
                - name: main
                  image: registry.example/app:1
                  ports:
                    - name: http
                      containerPort: 8080
                    - name: metrics
                      containerPort: 9090

            """);
        if (pod / Namespaces % PolicyEvery == 0)
            text.Append(CultureInfo.InvariantCulture, $$"""
                ---
                apiVersion: networking.k8s.io/v1
                kind: NetworkPolicy
                metadata:
                  name: to-pod-{{pod}}
                  namespace: ns-{{number}}
                spec:
                  podSelector:
                    matchLabels:
                      tier: tier-{{pod / Namespaces % Tiers}}
                  policyTypes: [Ingress]
                  ingress:
                    - from:
                        - namespaceSelector:
                            matchExpressions:
                              - { key: team, operator: In, values: [team-{{number % 4}}, team-{{(number + 1) % 4}}] }
                          podSelector:
                            matchExpressions:
                              - { key: tier, operator: NotIn, values: [tier-{{pod % Tiers}}] }
                      ports:
                        - port: http

                """);
    }
}
