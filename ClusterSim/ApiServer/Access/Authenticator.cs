using System.Buffers.Text;
using System.Text;
using ClusterSim.Access.Certificates;
using ClusterSim.Access.Tokens;
using Microsoft.AspNetCore.Http;

namespace ClusterSim.Access;

/// <summary>
/// Who sends a request: its client certificate, else its bearer token (in the header, or a WebSocket's subprotocol as browsers must); then
/// whom it impersonates. Who says nothing is anonymous, and may see health and version by the default roles; who says something wrong is
/// refused.
/// </summary>
internal sealed class Authenticator(TokenAuthenticator tokens, Func<ClusterCertificates> certificates, IAuthorizer authorizer) : IAuthenticator
{
    private const string WebSocketTokenPrefix = "base64url.bearer.authorization.k8s.io.";

    /// <inheritdoc/>
    public UserInfo Authenticate(HttpContext context) => Impersonation.Resolve(Proven(context), context.Request.Headers, authorizer);

    private UserInfo Proven(HttpContext context)
    {
        var refused = false;
        if (context.Connection.ClientCertificate is { } certificate)
        {
            if (certificates().Verify(certificate) is { } named)
                return TokenAuthenticator.WithAuthenticated(named);
            refused = true;
        }
        if (TokenOf(context.Request.Headers) is { } token)
        {
            try
            {
                IReadOnlyList<string>? audiences = null;
                return tokens.Authenticate(token, ref audiences);
            }
            catch (TokenException)
            {
                // The client is not told why, as on a real cluster; a TokenReview tells.
                refused = true;
            }
        }
        return refused ? throw KubernetesApiException.Unauthorized() : UserInfo.Anonymous;
    }

    private static string? TokenOf(IHeaderDictionary headers)
    {
        var said = headers.Authorization.ToString().Trim();
        if (said.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) && said[7..].Trim() is { Length: > 0 } token)
            return token;
        foreach (var protocol in headers.SecWebSocketProtocol.SelectMany(value => (value ?? "").Split(',', StringSplitOptions.TrimEntries)))
            if (protocol.StartsWith(WebSocketTokenPrefix, StringComparison.Ordinal))
            {
                try
                {
                    return Encoding.UTF8.GetString(Base64Url.DecodeFromChars(protocol.AsSpan(WebSocketTokenPrefix.Length)));
                }
                catch (FormatException)
                {
                    throw KubernetesApiException.Unauthorized();
                }
            }
        return null;
    }
}
