using ClusterSim.Access.Certificates;
using ClusterSim.Access.Rbac;
using ClusterSim.Access.Tokens;
using ClusterSim.Storage;

namespace ClusterSim.Access;

/// <summary>
/// Who is who and who may do what in one cluster: its roles, keys, certificates and tokens, in their order of making. First this, over the
/// store; then the API server with its <see cref="Authorizer"/>.
/// </summary>
internal sealed class ClusterAccess : IDisposable
{
    private readonly Lazy<ClusterCertificates> _certificates;

    /// <summary>Installs the default roles into the store and stands ready.</summary>
    /// <param name="store">The cluster's store.</param>
    /// <param name="clock">The cluster's clock: token expiry goes by it.</param>
    /// <param name="random">For the roles' uids; keys and tokens never come from it.</param>
    /// <param name="certificateClock">What certificates' times go by; null: the cluster's clock. See <see cref="ClusterCertificates.Create"/>.</param>
    /// <param name="issuer">Who signs service-account tokens; null: <see cref="ServiceAccountTokens.DefaultIssuer"/>.</param>
    public ClusterAccess(VersionedStore store, TimeProvider clock, Randomness random, TimeProvider? certificateClock = null, string? issuer = null)
    {
        var nodeRules = DefaultAccess.Install(store, clock, random);
        Rbac = new RbacAuthorizer(store);
        Authorizer = new UnionAuthorizer(new NodeAuthorizer(store, nodeRules), Rbac);
        Keys = new ServiceAccountKeys();
        ServiceAccountTokens = new ServiceAccountTokens(store, clock, Keys, issuer ?? ServiceAccountTokens.DefaultIssuer);
        StaticTokens = new StaticTokens();
        SecretTokens = new SecretTokens(store, Keys, ServiceAccountTokens.ApiAudiences);
        Tokens = new TokenAuthenticator(StaticTokens, ServiceAccountTokens, SecretTokens);
        _certificates = new Lazy<ClusterCertificates>(() => ClusterCertificates.Create(certificateClock ?? clock));
        Discovery = new IssuerDiscovery(ServiceAccountTokens);
    }

    /// <summary>RBAC alone: what rules reviews and escalation checks read.</summary>
    public RbacAuthorizer Rbac { get; }

    /// <summary>Nodes' and RBAC's authorizers: what the API server asks.</summary>
    public IAuthorizer Authorizer { get; }

    /// <summary>The keys of service-account tokens.</summary>
    public ServiceAccountKeys Keys { get; }

    /// <summary>Makes and checks service-account tokens.</summary>
    public ServiceAccountTokens ServiceAccountTokens { get; }

    /// <summary>Makes and checks the service-account tokens that Secrets hold.</summary>
    public SecretTokens SecretTokens { get; }

    /// <summary>Tokens that stand for an identity as long as the cluster lives.</summary>
    public StaticTokens StaticTokens { get; }

    /// <summary>Whose bearer token it is.</summary>
    public TokenAuthenticator Tokens { get; }

    /// <summary>The cluster's authority; made when first asked for.</summary>
    public ClusterCertificates Certificates => _certificates.Value;

    /// <summary>The issuer's discovery document and keys.</summary>
    public IssuerDiscovery Discovery { get; }

    /// <summary>Finds out who sends HTTP requests.</summary>
    public Authenticator Authenticator() => new(Tokens, () => _certificates.Value, Authorizer);

    /// <inheritdoc/>
    public void Dispose()
    {
        Keys.Dispose();
        if (_certificates.IsValueCreated)
            _certificates.Value.Dispose();
    }
}
