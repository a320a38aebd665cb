using ServiceDefaults.Settings;

namespace InvoiceApp.Payments;

/// <summary>How the payment provider is called.</summary>
public sealed record PaymentSettings
{
    /// <summary><c>PAYMENT_PROVIDER_URL</c>, required: where the provider is; <c>payments/pay</c> is put below its path.</summary>
    public required Uri Provider { get; init; }

    /// <summary>
    /// <c>PAYMENT_TOKEN_FILE</c>: the absolute path of a projected service-account token, sent as Bearer and read again as it rotates.
    /// Absent: nothing is sent.
    /// </summary>
    public string? TokenFile { get; init; }

    /// <summary><c>PAYMENT_PARALLELISM</c>: payments under way at most, in this process (default 128).</summary>
    public int Parallelism { get; init; } = 128;

    /// <summary><c>PAYMENT_CONNECT_TIMEOUT_SECONDS</c>: to open a connection (default 2).</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary><c>PAYMENT_ATTEMPT_TIMEOUT_SECONDS</c>: one request, until its answer's last byte (default 3).</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary><c>PAYMENT_TIMEOUT_SECONDS</c>: one payment, all attempts and the waits between them (default 10).</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary><c>PAYMENT_RETRIES</c>: further attempts after a failure that may pass (default 4; 0 for none).</summary>
    public int Retries { get; init; } = 4;

    /// <summary><c>PAYMENT_RETRY_DELAY_SECONDS</c>: before the second attempt; doubles from there, with jitter (default 0.1).</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(0.1);

    /// <summary>
    /// <c>PAYMENT_CIRCUIT_ATTEMPTS</c>: the circuit opens when at least this many attempts were made within ten seconds and nine of ten failed
    /// (default 20).
    /// </summary>
    public int CircuitAttempts { get; init; } = 20;

    /// <summary><c>PAYMENT_CIRCUIT_BREAK_SECONDS</c>: how long an open circuit lets nothing through (default 1, at least 0.5).</summary>
    public TimeSpan CircuitBreak { get; init; } = TimeSpan.FromSeconds(1);

    internal static PaymentSettings Read(SettingsReader settings)
    {
        var payments = new PaymentSettings
        {
            Provider = settings.HttpAddress("PAYMENT_PROVIDER_URL", "http://payment-provider.payments:8082"),
            TokenFile = settings.Optional("PAYMENT_TOKEN_FILE"),
            Parallelism = settings.Integer("PAYMENT_PARALLELISM", 128, 1, 1000),
            ConnectTimeout = settings.Seconds("PAYMENT_CONNECT_TIMEOUT_SECONDS", 2, 0.01, 60),
            AttemptTimeout = settings.Seconds("PAYMENT_ATTEMPT_TIMEOUT_SECONDS", 3, 0.01, 300),
            Timeout = settings.Seconds("PAYMENT_TIMEOUT_SECONDS", 10, 0.01, 600),
            Retries = settings.Integer("PAYMENT_RETRIES", 4, 0, 100),
            RetryDelay = settings.Seconds("PAYMENT_RETRY_DELAY_SECONDS", 0.1, 0, 60),
            CircuitAttempts = settings.Integer("PAYMENT_CIRCUIT_ATTEMPTS", 20, 2, 1_000_000),
            CircuitBreak = settings.Seconds("PAYMENT_CIRCUIT_BREAK_SECONDS", 1, 0.5, 300),
        };
        if (payments.TokenFile is { } file && !Path.IsPathRooted(file))
            settings.Fault("PAYMENT_TOKEN_FILE", $"found '{file}'", "an absolute path such as /var/run/secrets/payment-provider/token");
        if (payments.AttemptTimeout > payments.Timeout)
            settings.Fault("PAYMENT_ATTEMPT_TIMEOUT_SECONDS", $"found {payments.AttemptTimeout.TotalSeconds}", $"at most PAYMENT_TIMEOUT_SECONDS, {payments.Timeout.TotalSeconds}");
        return payments;
    }
}
