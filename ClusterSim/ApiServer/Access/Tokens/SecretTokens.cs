using System.Security.Cryptography;
using System.Text;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Access.Tokens;

/// <summary>
/// The older tokens of service accounts, kept in Secrets of type <c>kubernetes.io/service-account-token</c>: they name no audience and never expire,
/// and are good as long as the Secret holds them and the account lives (<c>pkg/serviceaccount/legacy.go</c>).
/// </summary>
internal sealed class SecretTokens(VersionedStore store, ServiceAccountKeys keys, IReadOnlyList<string> apiAudiences)
{
    /// <summary>The type of such a Secret.</summary>
    public const string SecretType = "kubernetes.io/service-account-token";

    /// <summary>The annotation that names the account.</summary>
    public const string NameAnnotation = "kubernetes.io/service-account.name";

    /// <summary>The annotation with the account's uid: another account of the same name is another account.</summary>
    public const string UidAnnotation = "kubernetes.io/service-account.uid";

    private const string Issuer = "kubernetes/serviceaccount";
    private const string Claim = "kubernetes.io/serviceaccount/";
    private static readonly GroupResource Secrets = new("", "secrets");
    private static readonly GroupResource ServiceAccounts = new("", "serviceaccounts");

    /// <summary>A token for a service account, to be kept in that Secret.</summary>
    public string Issue(Document account, Document secret) => keys.Sign(Object(
        ("iss", Issuer),
        (Claim + "namespace", account.Namespace),
        (Claim + "secret.name", secret.Name),
        (Claim + "service-account.name", account.Name),
        (Claim + "service-account.uid", account.Uid),
        ("sub", $"system:serviceaccount:{account.Namespace}:{account.Name}")));

    /// <summary>
    /// Whose token it is; null where it is none of these. It is for the API server alone: <paramref name="audiences"/> is narrowed to its.
    /// </summary>
    /// <exception cref="TokenException">It is one of these, and not good.</exception>
    public UserInfo? Validate(string token, ref IReadOnlyList<string> audiences)
    {
        if (SignedToken.Read(token) is not { } signed || signed.Claims.At("iss").Text() != Issuer)
            return null;
        if (!signed.IsSignedBy(keys))
            throw new TokenException("invalid bearer token");
        var common = audiences.Where(apiAudiences.Contains).ToList();
        if (common.Count == 0)
            throw new TokenException($"token audiences {GoText.QuoteList(apiAudiences)} is invalid for the target audiences {GoText.QuoteList(audiences)}");

        string Named(string claim) => signed.Claims.At(Claim + claim).Text("");
        var @namespace = Named("namespace");
        if (store.Find(Secrets, new(@namespace, Named("secret.name"))) is not { IsDeleting: false } secret)
            throw new TokenException("service account token has been invalidated");
        if (!Holds(secret, token))
            throw new TokenException("service account token does not match server's copy");
        var name = Named("service-account.name");
        var account = store.Find(ServiceAccounts, new(@namespace, name)) ?? throw new TokenException($"serviceaccounts \"{name}\" not found");
        if (account.IsDeleting)
            throw new TokenException($"ServiceAccount {@namespace}/{name} has been deleted");
        if (account.Uid != Named("service-account.uid"))
            throw new TokenException($"ServiceAccount UID ({account.Uid}) does not match claim ({Named("service-account.uid")})");
        audiences = common;
        return UserInfo.ServiceAccount(@namespace, name) with { Uid = account.Uid };
    }

    private static bool Holds(Document secret, string token) => CryptographicOperations.FixedTimeEquals(
        Encoding.ASCII.GetBytes(secret.Root.At("data", "token").Text("")), Encoding.ASCII.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(token))));
}
