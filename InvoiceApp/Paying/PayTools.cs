using System.Security.Cryptography;
using InvoiceApp.Invoices;
using InvoiceApp.Payments;
using Polly;
using Polly.Retry;
using Processes;
using ServiceDefaults.Http;

namespace InvoiceApp.Paying;

/// <summary>What every run works with; starts runs.</summary>
internal sealed class PayTools
{
    private readonly ResiliencePipeline _database;
    private readonly string _process;

    public PayTools(ClaimStore claims, PaymentClient payments, InvoiceAppSettings settings, ServiceProcess process, ILogger<PayRun> logger)
    {
        (Claims, Payments, Settings, Parallelism, Clock, Logger) = (claims, payments, settings.Pay, settings.Payments.Parallelism, process.Clock, logger);
        _process = process.Environment.GetValueOrDefault("HOSTNAME") ?? "invoice-app";

        // About fifteen seconds: a database that restarts is back by then, and an outcome known is not lost.
        _database = new ResiliencePipelineBuilder { TimeProvider = process.Clock }.AddRetry(new RetryStrategyOptions
        {
            MaxRetryAttempts = 20,
            Delay = TimeSpan.FromMilliseconds(50),
            BackoffType = DelayBackoffType.Exponential,
            MaxDelay = TimeSpan.FromSeconds(1),
            UseJitter = true,
            ShouldHandle = attempt => ValueTask.FromResult(attempt.Outcome.Exception is { } fault && DatabaseFaults.IsUnavailable(fault)),
        }).Build();
    }

    public ClaimStore Claims { get; }

    public PaymentClient Payments { get; }

    public PaySettings Settings { get; }

    public int Parallelism { get; }

    public TimeProvider Clock { get; }

    public ILogger Logger { get; }

    /// <summary>A new run, which nobody else's claims can be taken for: the pod's name and something random.</summary>
    public PayRun NewRun() => new(this, $"{_process}/{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}");

    /// <summary>Asks or tells the database something, again while it is away.</summary>
    public async Task<T> WhileDatabaseIsAwayAsync<T>(Func<ClaimStore, CancellationToken, Task<T>> ask, CancellationToken cancellation) =>
        await _database.ExecuteAsync(static async (state, cancellation) => await state.ask(state.Claims, cancellation), (ask, Claims), cancellation);
}
