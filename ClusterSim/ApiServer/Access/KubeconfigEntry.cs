using ClusterSim.Access.Certificates;

namespace ClusterSim.Access;

/// <summary>A cluster, an identity and the context of both in a kubeconfig file.</summary>
public sealed record KubeconfigEntry
{
    /// <summary>The name of the cluster.</summary>
    public required string Cluster { get; init; }

    /// <summary>The URL of the API server.</summary>
    public required Uri Server { get; init; }

    /// <summary>The certificate of the authority that signs the API server's, in PEM.</summary>
    public required string AuthorityPem { get; init; }

    /// <summary>The name of the identity. The context is <c>user@cluster</c> unless <see cref="Context"/> names another.</summary>
    public required string User { get; init; }

    /// <summary>The name of the file's entry with the credentials; null for <see cref="User"/>.</summary>
    public string? UserEntry { get; init; }

    /// <summary>The bearer token of the identity; null where it has none.</summary>
    public string? Token { get; init; }

    /// <summary>The namespace that kubectl works in; null for default.</summary>
    public string? Namespace { get; init; }

    /// <summary>The name of the context; null for <c>user@cluster</c>.</summary>
    public string? Context { get; init; }

    /// <summary>The name of the context.</summary>
    public string ContextName => Context ?? $"{User}@{Cluster}";

    /// <summary>The certificate of the identity; null where it has a token.</summary>
    internal ClientCertificate? Certificate { get; init; }
}
