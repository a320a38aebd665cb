namespace ClusterSim.Access;

/// <summary>A cluster, an identity and the context of both in a kubeconfig file.</summary>
public sealed record KubeconfigEntry
{
    /// <summary>The name of the cluster.</summary>
    public required string Cluster { get; init; }

    /// <summary>The URL of the API server.</summary>
    public required Uri Server { get; init; }

    /// <summary>The certificate of the authority that signs the API server's, in PEM; null for the authorities that the machine trusts.</summary>
    public string? AuthorityPem { get; init; }

    /// <summary>Whether any certificate of the API server is trusted (<c>insecure-skip-tls-verify</c>).</summary>
    public bool SkipTlsVerify { get; init; }

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

    /// <summary>The certificate of the identity, in PEM; null where it has none.</summary>
    public string? ClientCertificatePem { get; init; }

    /// <summary>The key of <see cref="ClientCertificatePem"/>, in PEM; null where there is no certificate.</summary>
    public string? ClientKeyPem { get; init; }
}
