namespace PaymentProvider.Access;

/// <summary>What a token says about its bearer.</summary>
internal enum CallerVerdictKind
{
    /// <summary>It is good; <see cref="CallerVerdict.Caller"/> is known.</summary>
    Known,

    /// <summary>It is not good.</summary>
    Unknown,

    /// <summary>It cannot be told now: the issuer's keys cannot be had.</summary>
    Unknowable,
}

/// <summary>What a token says about its bearer, and why.</summary>
/// <param name="Kind">Whether it is good.</param>
/// <param name="Caller">The token's subject, when good.</param>
/// <param name="Reason">Why it is not good, or cannot be told.</param>
/// <param name="RetryAfter">When it may be told, where it cannot now.</param>
internal readonly record struct CallerVerdict(CallerVerdictKind Kind, string? Caller = null, string? Reason = null, TimeSpan RetryAfter = default)
{
    public static CallerVerdict Known(string caller) => new(CallerVerdictKind.Known, Caller: caller);

    public static CallerVerdict Unknown(string reason) => new(CallerVerdictKind.Unknown, Reason: reason);

    public static CallerVerdict Unknowable(string reason, TimeSpan retryAfter) => new(CallerVerdictKind.Unknowable, Reason: reason, RetryAfter: retryAfter);
}
