using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace ClusterSim.Access.Tokens;

/// <summary>
/// Bearer tokens that stand for an identity as long as the cluster lives: what <c>--token-auth-file</c> is to kube-apiserver, made by the
/// cryptographic generator. Only their hashes are kept.
/// </summary>
internal sealed class StaticTokens
{
    private readonly ConcurrentDictionary<string, UserInfo> _users = new(StringComparer.Ordinal);

    /// <summary>Makes a token for somebody.</summary>
    public string Issue(UserInfo user)
    {
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        _users[Hash(token)] = TokenAuthenticator.WithAuthenticated(user);
        return token;
    }

    /// <summary>Whose token it is; null where it is none.</summary>
    public UserInfo? Find(string token) => _users.GetValueOrDefault(Hash(token));

    // Looked up by hash, so that the time a lookup takes tells nothing of the tokens there are.
    private static string Hash(string token)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(token), hash);
        return Convert.ToBase64String(hash);
    }
}
