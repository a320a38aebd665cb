using System.Collections.Concurrent;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Processes;

namespace PaymentProvider.Access;

/// <summary>
/// Reads service-account tokens: issuer, key, signature, audience, time. A token found good is remembered, as a caller sends the same one for
/// an hour; its time, and that its key is still the issuer's, are looked at every time.
/// </summary>
internal sealed class CallerTokens(AccessSettings settings, IssuerKeys keys, ServiceProcess process)
{
    /// <summary>How far clocks may differ.</summary>
    public static readonly TimeSpan Leeway = TimeSpan.FromSeconds(30);

    private const int RememberedMax = 1024;

    /// <summary>What Kubernetes signs with; nothing symmetric, and never <c>none</c>.</summary>
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.RsaSha256, SecurityAlgorithms.RsaSha384, SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.EcdsaSha384, SecurityAlgorithms.EcdsaSha512,
    ];

    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false };
    private readonly ConcurrentDictionary<string, Good> _remembered = new(StringComparer.Ordinal);

    /// <summary>Whose token it is.</summary>
    public async ValueTask<CallerVerdict> ReadAsync(string token, CancellationToken cancellation)
    {
        if (_remembered.TryGetValue(token, out var good))
        {
            var (key, unknowable) = await keys.FindAsync(good.KeyId, good.IssuedAt, cancellation);
            if (key is not null)
                return Expired(good.Expires) is { } expired ? CallerVerdict.Unknown(expired) : CallerVerdict.Known(good.Caller);
            _remembered.TryRemove(token, out _);
            return Without(good.KeyId, unknowable);
        }

        return await CheckAsync(token, cancellation);
    }

    /// <summary>
    /// The issuer first: only a token that claims to be of ours may make us ask for keys. Then its key, then everything that the key vouches for.
    /// </summary>
    private async ValueTask<CallerVerdict> CheckAsync(string token, CancellationToken cancellation)
    {
        JsonWebToken read;
        try
        {
            read = _handler.ReadJsonWebToken(token);
        }
        catch (Exception malformed) when (malformed is ArgumentException or SecurityTokenException)
        {
            return CallerVerdict.Unknown("the token is no JSON Web Token");
        }

        if (read.Issuer != settings.Issuer)
            return CallerVerdict.Unknown("the token is of another issuer");
        if (string.IsNullOrEmpty(read.Kid))
            return CallerVerdict.Unknown("the token does not name its key");
        var (key, unknowable) = await keys.FindAsync(read.Kid, new DateTimeOffset(read.IssuedAt, TimeSpan.Zero), cancellation);
        if (key is null)
            return Without(read.Kid, unknowable);

        var result = await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            IssuerSigningKey = key,
            ValidIssuer = settings.Issuer,
            ValidAudience = settings.Audience,
            ValidAlgorithms = Algorithms,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            LifetimeValidator = (notBefore, expires, _, _) => Untimely(notBefore, expires) is null,
        });
        if (!result.IsValid)
        {
            return CallerVerdict.Unknown(result.Exception switch
            {
                SecurityTokenInvalidAudienceException => "the token is for another audience",
                SecurityTokenInvalidLifetimeException => Untimely(read.TryGetPayloadValue("nbf", out long _) ? read.ValidFrom : null, read.ValidTo) ?? "the token has no expiry",
                SecurityTokenInvalidAlgorithmException => "the token is signed with an algorithm that is not taken",
                _ => "the token's signature is not its issuer's",
            });
        }

        if (string.IsNullOrEmpty(read.Subject))
            return CallerVerdict.Unknown("the token names nobody");
        if (_remembered.Count >= RememberedMax)
            _remembered.Clear();
        _remembered[token] = new Good(read.Subject, read.Kid, new DateTimeOffset(read.IssuedAt, TimeSpan.Zero), new DateTimeOffset(read.ValidTo, TimeSpan.Zero));
        return CallerVerdict.Known(read.Subject);
    }

    private CallerVerdict Without(string key, string? unknowable) => unknowable is null
        ? CallerVerdict.Unknown($"the token's key is none of its issuer's: '{Shown(key)}'")
        : CallerVerdict.Unknowable($"the issuer's keys cannot be had: {unknowable}", keys.Pause);

    private static string Shown(string text) => string.Concat(text.Take(80).Where(character => !char.IsControl(character)));

    private string? Untimely(DateTime? notBefore, DateTime? expires)
    {
        if (expires is not { } end)
            return "the token has no expiry";
        return notBefore is { } start && process.Clock.GetUtcNow() < new DateTimeOffset(start, TimeSpan.Zero) - Leeway
            ? "the token is not valid yet"
            : Expired(new DateTimeOffset(end, TimeSpan.Zero));
    }

    private string? Expired(DateTimeOffset expires) => process.Clock.GetUtcNow() > expires + Leeway ? "the token has expired" : null;

    private sealed record Good(string Caller, string KeyId, DateTimeOffset IssuedAt, DateTimeOffset Expires);
}
