namespace ClusterSim.Registry.Subresources;

/// <summary>The subresources that controllers, the scheduler and kubectl's scale and drain are made of.</summary>
internal static class WorkloadSubresources
{
    /// <summary>Registers them.</summary>
    public static void Register(ApiServer server)
    {
        server.Add(new("", "namespaces"), "finalize", new NamespaceFinalize(server));
        server.Add(new("", "pods"), "binding", new PodBinding(server));
        server.Add(new("", "pods"), "eviction", new PodEviction(server));
        server.Add(new("certificates.k8s.io", "certificatesigningrequests"), "approval", new CertificateApproval(server));
        var scale = new ScaleSubresource(server);
        server.Add(new("", "replicationcontrollers"), "scale", scale);
        server.Add(new("apps", "deployments"), "scale", scale);
        server.Add(new("apps", "replicasets"), "scale", scale);
        server.Add(new("apps", "statefulsets"), "scale", scale);
    }
}
