using ServiceDefaults.Settings;

namespace InvoiceApp.Paying;

/// <summary>How invoices are claimed and paid.</summary>
public sealed record PaySettings
{
    /// <summary><c>PAY_BATCH</c>: invoices claimed, and marked, at once (default 500).</summary>
    public int Batch { get; init; } = 500;

    /// <summary><c>PAY_LANES</c>: batches that one call has under way, so that one is claimed or marked while another is paid (default 3).</summary>
    public int Lanes { get; init; } = 3;

    /// <summary>
    /// <c>PAY_LEASE_SECONDS</c>: how long a claim is believed after its holder was last heard of; renewed while it works (default 5).
    /// </summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>PAY_WAIT_SECONDS</c>: how long a call waits for others who are paying what it wants paid (default 20).</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// <c>PAY_LIMIT_SECONDS</c>: how long a call goes on claiming (default 45). What is left then is told; a further call goes on. A call that
    /// streams its progress has no limit.
    /// </summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(45);

    internal static PaySettings Read(SettingsReader settings) => new()
    {
        Batch = settings.Integer("PAY_BATCH", 500, 1, 10_000),
        Lanes = settings.Integer("PAY_LANES", 3, 1, 64),
        Lease = settings.Seconds("PAY_LEASE_SECONDS", 5, 0.1, 3600),
        Wait = settings.Seconds("PAY_WAIT_SECONDS", 20, 0, 3600),
        Limit = settings.Seconds("PAY_LIMIT_SECONDS", 45, 0.1, 86_400),
    };
}
