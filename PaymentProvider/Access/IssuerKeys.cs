using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.IdentityModel.Tokens;
using Processes;
using ServiceDefaults.Http;

namespace PaymentProvider.Access;

/// <summary>
/// The issuer's public keys, fetched when first needed and kept. Asked for anew when a token names a key not among them (the issuer has
/// rotated) and when they are old (a key may have been taken back), but never more often than every <see cref="PauseMin"/>, whatever
/// callers send; a fetch that failed is tried again sooner. While the issuer cannot be reached, the keys known stay good.
/// </summary>
internal sealed class IssuerKeys(AccessSettings settings, ServiceProcess process, ILogger<IssuerKeys> logger) : IDisposable
{
    /// <summary>Between two fetches, at least.</summary>
    public static readonly TimeSpan PauseMin = TimeSpan.FromSeconds(5);

    /// <summary>After a fetch that failed; twice as long after each further one, up to <see cref="PauseMin"/>. While there are no keys, nobody can be served.</summary>
    public static readonly TimeSpan RetryFirst = TimeSpan.FromSeconds(0.25);

    /// <summary>After this, keys are fetched again though all tokens' are known.</summary>
    public static readonly TimeSpan AgeMax = TimeSpan.FromMinutes(5);

    /// <summary>A fetch takes no longer.</summary>
    public static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(3);

    private const int AnswerBytesMax = 1024 * 1024;

    private readonly SemaphoreSlim _fetching = new(1, 1);
    private volatile Known _known = new(new Dictionary<string, SecurityKey>(StringComparer.Ordinal), 0, default, "they were not asked for yet");
    private volatile Attempt? _tried;

    /// <summary>The key with this id.</summary>
    /// <param name="id">The key's id.</param>
    /// <param name="issuedAt">When the token says that it was signed. Keys asked for before then may lack one that was made since.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>The key; or why it cannot be told whether there is one; or neither: the issuer has no such key.</returns>
    public async ValueTask<(SecurityKey? Key, string? Unknowable)> FindAsync(string id, DateTimeOffset issuedAt, CancellationToken cancellation)
    {
        var known = _known;
        if (known.Keys.TryGetValue(id, out var key))
        {
            // Nobody waits for this one: what is known is good meanwhile.
            if (process.Clock.GetElapsedTime(known.At) > AgeMax && MayFetch)
                _ = RefreshAsync(known, CancellationToken.None);
            return (key, null);
        }

        await RefreshAsync(known, cancellation);
        known = _known;
        if (known.Keys.TryGetValue(id, out key))
            return (key, null);
        return (null, known.Fault ?? (issuedAt > known.AsOf - CallerTokens.Leeway && !MayFetch ? "they were asked for just now, and the token may be newer" : null));
    }

    /// <summary>How long until keys may be asked for again; zero where they may be now.</summary>
    public TimeSpan Pause => _tried is { } tried && process.Clock.GetElapsedTime(tried.At) is var since && since < tried.Pause ? tried.Pause - since : TimeSpan.Zero;

    /// <inheritdoc/>
    public void Dispose() => _fetching.Dispose();

    private bool MayFetch => Pause == TimeSpan.Zero;

    /// <summary>Fetches, unless somebody did since <paramref name="seen"/> was read, or the last time was just now.</summary>
    private async Task RefreshAsync(Known seen, CancellationToken cancellation)
    {
        await _fetching.WaitAsync(cancellation);
        try
        {
            if (!ReferenceEquals(seen, _known) || !MayFetch)
                return;
            var failed = _tried is { Failed: true } before ? before.Pause * 2 : RetryFirst;
            _tried = new Attempt(process.Clock.GetTimestamp(), PauseMin, Failed: false);
            try
            {
                var asOf = process.Clock.GetUtcNow();
                // Not the caller's token: who waits for the same keys must not lose them because the first caller left.
                var keys = await FetchAsync();
                _known = new Known(keys, process.Clock.GetTimestamp(), asOf, null);
                logger.LogInformation("The issuer's keys are known: {Keys}", string.Join(", ", keys.Keys));
            }
            catch (Exception fault) when (fault is HttpRequestException or OperationCanceledException or IOException or UnauthorizedAccessException
                or ArgumentException or System.Security.Cryptography.CryptographicException or System.Text.Json.JsonException)
            {
                var reason = fault is OperationCanceledException ? $"no answer within {FetchTimeout.TotalSeconds} s" : Innermost(fault);
                _known = _known with { Fault = reason };
                _tried = new Attempt(process.Clock.GetTimestamp(), failed < PauseMin ? failed : PauseMin, Failed: true);
                logger.LogWarning("The issuer's keys cannot be had from {Url}: {Reason}; {Count} are known from before", settings.KeysUrl, reason, _known.Keys.Count);
            }
        }
        finally
        {
            _fetching.Release();
        }
    }

    private async Task<Dictionary<string, SecurityKey>> FetchAsync()
    {
        using var limit = new CancellationTokenSource(FetchTimeout, process.Clock);
        using var handler = ProcessHttpHandler.Create(process, FetchTimeout);
        if (settings.KeysAuthorityFile is { } file)
            handler.SslOptions = await TrustAsync(file, limit.Token);
        using var http = new HttpClient(handler) { MaxResponseContentBufferSize = AnswerBytesMax, Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Get, settings.KeysUrl);
        if (settings.KeysTokenFile is { } token)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(process.Files.Resolve(token), limit.Token)).Trim());
        using var answer = await http.SendAsync(request, limit.Token);
        if (!answer.IsSuccessStatusCode)
            throw new HttpRequestException($"the issuer answered {(int)answer.StatusCode}");
        var set = new JsonWebKeySet(await answer.Content.ReadAsStringAsync(limit.Token));
        var keys = new Dictionary<string, SecurityKey>(StringComparer.Ordinal);

        // Public keys alone: a secret in a published set is one that everybody could sign with.
        foreach (var key in set.Keys.Where(key => key is { Kid.Length: > 0, Kty: JsonWebAlgorithmsKeyTypes.RSA or JsonWebAlgorithmsKeyTypes.EllipticCurve }))
            keys[key.Kid] = key;
        return keys.Count > 0 ? keys : throw new ArgumentException("the issuer's answer holds no public keys");
    }

    private async Task<SslClientAuthenticationOptions> TrustAsync(string file, CancellationToken cancellation)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(await File.ReadAllTextAsync(process.Files.Resolve(file), cancellation));
        return new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
    }

    private static string Innermost(Exception fault)
    {
        while (fault.InnerException is { } inner)
            fault = inner;
        return fault.Message;
    }

    /// <param name="Keys">By id.</param>
    /// <param name="At">When they were fetched, on the clock that measures.</param>
    /// <param name="AsOf">When they were asked for, on the clock that tokens name.</param>
    /// <param name="Fault">Why the last fetch failed; null when it did not.</param>
    private sealed record Known(IReadOnlyDictionary<string, SecurityKey> Keys, long At, DateTimeOffset AsOf, string? Fault);

    /// <param name="At">When it began; where it failed, when that was known.</param>
    /// <param name="Pause">How long none follows it.</param>
    /// <param name="Failed">Whether it came to nothing.</param>
    private sealed record Attempt(long At, TimeSpan Pause, bool Failed);
}
