using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Tests.Support;

/// <summary>Signs service-account tokens as Kubernetes does, and publishes the keys.</summary>
public sealed class TestIssuer(TimeProvider clock, string issuer = TestIssuer.DefaultIssuer) : IDisposable
{
    public const string DefaultIssuer = "https://issuer.test";
    public const string InvoiceApp = "system:serviceaccount:invoices:invoice-app";
    public const string Audience = "payment-provider";

    private readonly List<(string Id, AsymmetricAlgorithm Key)> _keys = [("key-1", ECDsa.Create(ECCurve.NamedCurves.nistP256))];

    public string Issuer => issuer;

    /// <summary>What <c>/openid/v1/jwks</c> answers: the public half of every key.</summary>
    public string Jwks => new JsonObject { ["keys"] = new JsonArray([.. _keys.Select(key => (JsonNode)Public(key.Id, key.Key))]) }.ToJsonString();

    /// <summary>Signs with a new key from now on; the old one stays published until <see cref="ForgetOldKeys"/>.</summary>
    public void Rotate(bool rsa = false) => _keys.Insert(0, ($"key-{_keys.Count + 1}", rsa ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256)));

    public void ForgetOldKeys() => _keys.RemoveRange(1, _keys.Count - 1);

    public string Token(string subject = InvoiceApp, string audience = Audience, TimeSpan? lifetime = null, TimeSpan? startsIn = null, string? keyId = null)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var (id, algorithm) = _keys[0];
        SecurityKey key = algorithm switch
        {
            RSA rsa => new RsaSecurityKey(rsa) { KeyId = keyId ?? id },
            ECDsa ecdsa => new ECDsaSecurityKey(ecdsa) { KeyId = keyId ?? id },
            _ => throw new InvalidOperationException($"{algorithm} signs no tokens"),
        };
        var starts = now + (startsIn ?? TimeSpan.Zero);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = issuer,
            Audience = audience,
            IssuedAt = starts,
            NotBefore = starts,
            Expires = starts + (lifetime ?? TimeSpan.FromHours(1)),
            Claims = new Dictionary<string, object>(StringComparer.Ordinal) { ["sub"] = subject },
            SigningCredentials = new SigningCredentials(key, algorithm is RSA ? SecurityAlgorithms.RsaSha256 : SecurityAlgorithms.EcdsaSha256)
            {
                // The library keeps signers by key id, and every issuer of ours has a key-1.
                CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false },
            },
        });
    }

    public void Dispose()
    {
        foreach (var (_, key) in _keys)
            key.Dispose();
    }

    private static JsonObject Public(string id, AsymmetricAlgorithm key)
    {
        switch (key)
        {
            case RSA rsa:
                var numbers = rsa.ExportParameters(includePrivateParameters: false);
                return new JsonObject
                {
                    ["use"] = "sig",
                    ["kty"] = "RSA",
                    ["kid"] = id,
                    ["alg"] = "RS256",
                    ["n"] = Base64UrlEncoder.Encode(numbers.Modulus),
                    ["e"] = Base64UrlEncoder.Encode(numbers.Exponent),
                };
            case ECDsa ecdsa:
                var point = ecdsa.ExportParameters(includePrivateParameters: false).Q;
                return new JsonObject
                {
                    ["use"] = "sig",
                    ["kty"] = "EC",
                    ["kid"] = id,
                    ["alg"] = "ES256",
                    ["crv"] = "P-256",
                    ["x"] = Base64UrlEncoder.Encode(point.X),
                    ["y"] = Base64UrlEncoder.Encode(point.Y),
                };
            default:
                throw new InvalidOperationException($"{key} signs no tokens");
        }
    }
}
