using System.Globalization;
using System.Text.Json.Nodes;
using ClusterSim.Manifests;
using Harness.Chaos;

namespace InvoiceApp.Chaos;

/// <summary>
/// Invoices are paid while things go wrong: every invoice has to be paid exactly once, or refused with its reason, and the ledger of
/// payment-provider has to agree (<see cref="PayingBooks"/>).
/// </summary>
public sealed class PayingScenario : IChaosScenario
{
    // The distance between the invoice numbers of two runs: an answer that arrives too late must not meet an invoice of another run.
    private const long NumbersOfRun = 1_000_000;

    private const int Replicas = 3;

    // Time-outs as short as runs need them: a lease is over, a lost attempt noticed, a call done within a second or two.
    private static readonly Dictionary<string, (string Name, string Value)[]> Settings = new(StringComparer.Ordinal)
    {
        ["invoice-app"] =
        [
            ("PAY_LEASE_SECONDS", "0.4"), ("PAY_WAIT_SECONDS", "1.5"), ("PAY_LIMIT_SECONDS", "2"), ("PAY_BATCH", "8"), ("PAYMENT_PARALLELISM", "8"),
            ("PAYMENT_CONNECT_TIMEOUT_SECONDS", "0.2"), ("PAYMENT_ATTEMPT_TIMEOUT_SECONDS", "0.25"), ("PAYMENT_TIMEOUT_SECONDS", "0.8"),
            ("PAYMENT_RETRIES", "3"), ("PAYMENT_RETRY_DELAY_SECONDS", "0.01"), ("PAYMENT_CIRCUIT_BREAK_SECONDS", "0.5"),
            ("DATABASE_CONNECT_TIMEOUT_SECONDS", "1"), ("DATABASE_COMMAND_TIMEOUT_SECONDS", "1"), ("LOG_LEVEL", "Error"),
        ],
        ["payment-provider"] =
        [
            ("LEDGER_TIMEOUT_SECONDS", "1"), ("DATABASE_CONNECT_TIMEOUT_SECONDS", "1"), ("DATABASE_COMMAND_TIMEOUT_SECONDS", "1"), ("LOG_LEVEL", "Error"),
        ],
    };

    /// <summary>invoice-app.</summary>
    public static ChaosWorkload InvoiceApp { get; } = new("invoices", "invoice-app") { Replicas = Replicas, HttpPort = 8081, KillWeight = 10 };

    /// <summary>payment-provider.</summary>
    public static ChaosWorkload PaymentProvider { get; } = new("payments", "payment-provider") { Replicas = Replicas, HttpPort = 8082, KillWeight = 4 };

    private static ChaosWorkload InvoicesDatabase { get; } = new("invoices", "invoices-db") { CanSkewClock = false };

    private static ChaosWorkload PaymentsDatabase { get; } = new("payments", "payments-db") { CanSkewClock = false };

    /// <inheritdoc/>
    public IReadOnlyList<ChaosWorkload> Workloads { get; } = [InvoiceApp, PaymentProvider, InvoicesDatabase, PaymentsDatabase];

    /// <inheritdoc/>
    public IReadOnlyList<ChaosRoute> Routes { get; } =
    [
        new(InvoiceApp, PaymentProvider) { Weight = 6, IsHttp = true },
        new(InvoiceApp, InvoicesDatabase) { Weight = 2 },
        new(PaymentProvider, PaymentsDatabase) { Weight = 2 },
    ];

    /// <inheritdoc/>
    public IReadOnlyList<string> LoadFields => PayingLoad.Fields;

    /// <inheritdoc/>
    public ChaosLoad GenerateLoad(int seed, Random random) => PayingLoad.Generate(seed, random);

    /// <inheritdoc/>
    public ChaosLoad ReadLoad(int seed, ScheduleFields fields) => PayingLoad.Read(seed, fields);

    /// <inheritdoc/>
    public void Configure(Manifest manifest)
    {
        if (manifest.Kind == "ConfigMap" && Settings.TryGetValue(manifest.Name, out var settings) && manifest.Object["data"] is JsonObject data)
            foreach (var (name, value) in settings)
                data[name] = value;
    }

    /// <inheritdoc/>
    public string? RenewalSql(string database, long run) => database == "invoices"
        ? string.Create(CultureInfo.InvariantCulture, $"ALTER TABLE IF EXISTS invoices ALTER COLUMN number RESTART WITH {run * NumbersOfRun}")
        : null;

    /// <inheritdoc/>
    public IChaosRun CreateRun(ChaosRunContext context) => new PayingRun(context);
}
