using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace ClusterSim.Access.Tokens;

/// <summary>A JWT taken apart (RFC 7519): what it claims, and what vouches for that.</summary>
/// <param name="Claims">The claims; nobody vouches for them before <see cref="IsSignedBy"/>.</param>
/// <param name="KeyId">The key that it says has signed it; null where it names none.</param>
/// <param name="Algorithm">How it says it was signed.</param>
internal sealed record SignedToken(JsonElement Claims, string? KeyId, string? Algorithm)
{
    private byte[] Content { get; init; } = [];

    private byte[] Signature { get; init; } = [];

    /// <summary>Takes a token apart; null where it is no JWT.</summary>
    public static SignedToken? Read(string token)
    {
        var first = token.IndexOf('.', StringComparison.Ordinal);
        var last = token.LastIndexOf('.');
        if (first <= 0 || last <= first + 1 || token.IndexOf('.', first + 1) != last)
            return null;
        try
        {
            var header = JsonElement.Parse(Base64Url.DecodeFromChars(token.AsSpan(0, first)));
            return new SignedToken(
                JsonElement.Parse(Base64Url.DecodeFromChars(token.AsSpan(first + 1, last - first - 1))), header.At("kid").Text(), header.At("alg").Text())
            {
                Content = Encoding.ASCII.GetBytes(token[..last]),
                Signature = Base64Url.DecodeFromChars(token.AsSpan(last + 1)),
            };
        }
        catch (Exception malformed) when (malformed is FormatException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether one of these keys signed it, by the one algorithm they know.</summary>
    public bool IsSignedBy(ServiceAccountKeys keys) => Algorithm == "ES256" && keys.Verify(KeyId, Content, Signature);
}
