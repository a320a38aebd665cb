using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using ClusterSim.Storage;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Access.Tokens;

/// <summary>What a token is bound to: it is good as long as that lives.</summary>
/// <param name="Kind">Pod, Secret or Node.</param>
/// <param name="Object">The object.</param>
internal sealed record TokenBinding(string Kind, Document Object);

/// <summary>
/// Service-account tokens: signed JWTs with an audience, an expiry, and the objects they are bound to
/// (<c>pkg/serviceaccount/claims.go</c>). Signature and form are checked once a token; audience, time, account and bound objects each time.
/// </summary>
internal sealed class ServiceAccountTokens(VersionedStore store, TimeProvider clock, ServiceAccountKeys keys, string issuer = ServiceAccountTokens.DefaultIssuer)
{
    /// <summary>Who signs, and whom the API server takes tokens for, unless told otherwise.</summary>
    public const string DefaultIssuer = "https://kubernetes.default.svc.cluster.local";

    /// <summary>The expiry that pods' own tokens ask for; kube-apiserver lets these live a year and warns of use after this time.</summary>
    public const long WarnOnlyExpirationSeconds = 3607;

    private const long ExtendedExpirationSeconds = 365 * 24 * 3600;
    private const string Invalidated = "service account token has been invalidated";
    private const int RememberedMax = 16384;

    // go-jose's leeway for clocks that differ, and kube-apiserver's for objects that are ending.
    private static readonly TimeSpan Leeway = TimeSpan.FromMinutes(1);
    private static readonly GroupResource ServiceAccounts = new("", "serviceaccounts");
    private static readonly GroupResource Nodes = new("", "nodes");

    private readonly ConcurrentDictionary<string, Claims> _remembered = new(StringComparer.Ordinal);

    /// <summary>Who signs.</summary>
    public string Issuer { get; } = issuer;

    /// <summary>The audiences the API server itself takes tokens for.</summary>
    public IReadOnlyList<string> ApiAudiences { get; } = [issuer];

    /// <summary>The keys.</summary>
    public ServiceAccountKeys Keys { get; } = keys;

    /// <summary>A token for a service account.</summary>
    /// <param name="account">The account as stored.</param>
    /// <param name="audiences">For whom.</param>
    /// <param name="expirationSeconds">For how long it was asked.</param>
    /// <param name="bound">What it is bound to; null for nothing.</param>
    public string Issue(Document account, IReadOnlyList<string> audiences, long expirationSeconds, TokenBinding? bound)
    {
        var now = clock.GetUtcNow().ToUnixTimeSeconds();
        var lifetime = expirationSeconds;
        long? warnAfter = null;
        if (bound?.Kind == "Pod" && expirationSeconds == WarnOnlyExpirationSeconds && audiences.Intersect(ApiAudiences, StringComparer.Ordinal).Any())
        {
            warnAfter = now + expirationSeconds;
            lifetime = ExtendedExpirationSeconds;
        }
        var node = bound?.Kind == "Pod" && bound.Object.NodeName is { } name ? store.Find(Nodes, new(null, name)) : null;
        return Keys.Sign(Object(
            ("aud", new JsonArray([.. audiences.Select(audience => (JsonNode)audience)])),
            ("exp", now + lifetime),
            ("iat", now),
            ("iss", Issuer),
            ("jti", new Guid(RandomNumberGenerator.GetBytes(16)).ToString("D")),
            ("kubernetes.io", Object(
                ("namespace", account.Namespace),
                ("node", bound?.Kind == "Node" ? Ref(bound.Object) : node is not null ? Ref(node) : bound?.Object.NodeName is { } bare ? Object(("name", bare)) : null),
                ("pod", bound?.Kind == "Pod" ? Ref(bound.Object) : null),
                ("secret", bound?.Kind == "Secret" ? Ref(bound.Object) : null),
                ("serviceaccount", Ref(account)),
                ("warnafter", warnAfter))),
            ("nbf", now),
            ("sub", $"system:serviceaccount:{account.Namespace}:{account.Name}")));

        static JsonObject Ref(Document document) => Object(("name", document.Name), ("uid", document.Uid));
    }

    /// <summary>
    /// Whose token it is; null where it is none of this issuer's. <paramref name="audiences"/> is narrowed to those the token is for.
    /// </summary>
    /// <exception cref="TokenException">It is of this issuer, and not good.</exception>
    public UserInfo? Validate(string token, ref IReadOnlyList<string> audiences)
    {
        if (!_remembered.TryGetValue(token, out var claims))
        {
            if (Read(token) is not { } read)
                return null;
            if (_remembered.Count >= RememberedMax)
                _remembered.Clear();
            claims = _remembered[token] = read;
        }
        if (claims.KeyId is { } key && !Keys.Has(key))
            throw new TokenException("invalid bearer token");
        var common = audiences.Where(claims.Audiences.Contains).ToList();
        if (common.Count == 0)
            throw new TokenException($"token audiences {GoText.QuoteList(claims.Audiences)} is invalid for the target audiences {GoText.QuoteList(audiences)}");
        var now = clock.GetUtcNow();
        if (now > claims.Expires + Leeway)
            throw new TokenException("service account token has expired");
        if (now < claims.NotBefore - Leeway)
            throw new TokenException("service account token is not valid yet");
        CheckAlive(claims, now);
        audiences = common;
        return claims.User;
    }

    private void CheckAlive(Claims claims, DateTimeOffset now)
    {
        var account = store.Find(ServiceAccounts, new(claims.Namespace, claims.Account.Name)) ?? throw new TokenException($"serviceaccounts \"{claims.Account.Name}\" not found");
        if (account.Uid != claims.Account.Uid || Ending(account, now))
            throw new TokenException(Invalidated);
        foreach (var (resource, bound) in claims.Bound)
            if (store.Find(resource, new(resource.Resource == "nodes" ? null : claims.Namespace, bound.Name)) is not { } live || live.Uid != bound.Uid || Ending(live, now))
                throw new TokenException(Invalidated);

        static bool Ending(Document document, DateTimeOffset now) =>
            document.IsDeleting && document.Metadata.At("deletionTimestamp").Time() is { } end && end < now - Leeway;
    }

    // Form, issuer and signature: what does not change while the token is remembered.
    private Claims? Read(string token)
    {
        if (SignedToken.Read(token) is not { } signed || signed.Claims.At("iss").Text() != Issuer)
            return null;
        if (!signed.IsSignedBy(Keys))
            throw new TokenException("invalid bearer token");

        var claims = signed.Claims;
        var own = claims.At("kubernetes.io");
        var (@namespace, account) = (own.At("namespace").Text(""), Ref(own.At("serviceaccount")));
        var bound = new List<(GroupResource, (string Name, string Uid))>();
        var extra = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        if (claims.At("jti").Text() is { Length: > 0 } id)
            extra["authentication.kubernetes.io/credential-id"] = [$"JTI={id}"];
        if (own.At("pod").Exists())
        {
            var pod = Ref(own.At("pod"));
            bound.Add((new("", "pods"), pod));
            extra["authentication.kubernetes.io/pod-name"] = [pod.Name];
            extra["authentication.kubernetes.io/pod-uid"] = [pod.Uid];
        }
        if (own.At("secret").Exists())
            bound.Add((new("", "secrets"), Ref(own.At("secret"))));
        if (own.At("node").Exists())
        {
            var node = Ref(own.At("node"));
            if (!own.At("pod").Exists())
                bound.Add((Nodes, node));
            extra["authentication.kubernetes.io/node-name"] = [node.Name];
            if (node.Uid.Length > 0)
                extra["authentication.kubernetes.io/node-uid"] = [node.Uid];
        }
        var audiences = claims.At("aud").ValueKind == JsonValueKind.String ? [claims.At("aud").Text("")] : claims.At("aud").Items().Select(item => item.Text("")).ToList();
        return new Claims(
            signed.KeyId, audiences,
            DateTimeOffset.FromUnixTimeSeconds(claims.At("exp").Integer() ?? 0), DateTimeOffset.FromUnixTimeSeconds(claims.At("nbf").Integer() ?? 0),
            @namespace, account, bound,
            UserInfo.ServiceAccount(@namespace, account.Name) with { Uid = account.Uid, Extra = extra });

        static (string Name, string Uid) Ref(JsonElement reference) => (reference.At("name").Text(""), reference.At("uid").Text(""));
    }

    private sealed record Claims(
        string? KeyId, IReadOnlyList<string> Audiences, DateTimeOffset Expires, DateTimeOffset NotBefore, string Namespace,
        (string Name, string Uid) Account, IReadOnlyList<(GroupResource Resource, (string Name, string Uid) Ref)> Bound, UserInfo User);
}
