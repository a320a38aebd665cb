using System.Text.Json.Nodes;
using static ClusterSim.Machinery.JsonBuilding;

namespace ClusterSim.Access.Tokens;

/// <summary>
/// What others need to check service-account tokens by themselves: OpenID discovery of the issuer, and its public keys. Who may read them is
/// RBAC's to say (system:service-account-issuer-discovery: every service account).
/// </summary>
internal sealed class IssuerDiscovery(ServiceAccountTokens tokens, Uri? keysUrl = null)
{
    /// <summary>Where discovery is.</summary>
    public const string ConfigurationPath = "/.well-known/openid-configuration";

    /// <summary>Where the keys are.</summary>
    public const string KeysPath = "/openid/v1/jwks";

    /// <summary>The answer to a GET of that path, with its content type; null where the path is another.</summary>
    public (string ContentType, byte[] Body)? Answer(string path) => path.TrimEnd('/') switch
    {
        ConfigurationPath => ("application/json", Configuration().ToUtf8()),
        KeysPath => ("application/jwk-set+json", tokens.Keys.ToJwks().ToUtf8()),
        _ => null,
    };

    private JsonObject Configuration() => Object(
        ("issuer", tokens.Issuer),
        ("jwks_uri", keysUrl?.ToString() ?? tokens.Issuer + KeysPath),
        ("response_types_supported", new JsonArray("id_token")),
        ("subject_types_supported", new JsonArray("public")),
        ("id_token_signing_alg_values_supported", new JsonArray("ES256")));
}
