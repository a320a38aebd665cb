using System.Threading.RateLimiting;
using Polly;
using Polly.CircuitBreaker;
using Polly.RateLimiting;
using Polly.Retry;
using Polly.Timeout;
using Processes;
using ServiceDefaults.Http;

namespace InvoiceApp.Payments;

/// <summary>How payments are protected from a provider that is slow, busy, ill or away, and it from us.</summary>
internal static class PaymentResilience
{
    private static readonly TimeSpan RetryDelayMax = TimeSpan.FromSeconds(5);

    /// <summary>Registers <see cref="PaymentClient"/>: one, over one <see cref="HttpClient"/> from the factory, shared by all runs.</summary>
    public static IServiceCollection AddPayments(this IServiceCollection services, PaymentSettings settings)
    {
        services.AddHttpClient(nameof(PaymentClient), http =>
            {
                http.BaseAddress = settings.Provider.AbsoluteUri.EndsWith('/') ? settings.Provider : new Uri(settings.Provider.AbsoluteUri + "/");
                http.Timeout = Timeout.InfiniteTimeSpan;
                http.MaxResponseContentBufferSize = PaymentClient.AnswerBytesMax;
                http.DefaultRequestHeaders.Accept.ParseAdd("application/json");
            })
            .ConfigurePrimaryHttpMessageHandler(provider => ProcessHttpHandler.Create(provider.GetRequiredService<ServiceProcess>(), settings.ConnectTimeout))

            // The handler renews its own connections; a new handler every two minutes would drop the pool.
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .RemoveAllLoggers();
        return services.AddSingleton(provider =>
        {
            var process = provider.GetRequiredService<ServiceProcess>();
            var token = settings.TokenFile is { } file ? new CallerToken(file, process.Files, process.Clock) : null;
            var http = provider.GetRequiredService<IHttpClientFactory>().CreateClient(nameof(PaymentClient));
            return new PaymentClient(http, Pipeline(settings, process.Clock, provider.GetRequiredService<ILogger<PaymentClient>>()), token, process.Clock);
        });
    }

    /// <summary>
    /// From the outside in:
    /// 1. no more payments at once than allowed; the others queue, and their time does not run;
    /// 2. a time-out for the payment as a whole;
    /// 3. further attempts, later and later with jitter, or when the provider says (Retry-After), unless that would be too late anyway;
    /// 4. a circuit that opens when nearly all attempts fail, so that a provider in trouble is left alone; attempts wait until it closes;
    /// 5. a time-out for the attempt.
    /// </summary>
    public static ResiliencePipeline<PaymentOutcome> Pipeline(PaymentSettings settings, TimeProvider clock, ILogger logger)
    {
        var builder = new ResiliencePipelineBuilder<PaymentOutcome> { TimeProvider = clock };
        builder.AddRateLimiter(new RateLimiterStrategyOptions
        {
            DefaultRateLimiterOptions = new ConcurrencyLimiterOptions
            {
                PermitLimit = settings.Parallelism,
                QueueLimit = int.MaxValue,
                QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
            },
        });
        builder.AddTimeout(settings.Timeout);
        if (settings.Retries > 0)
        {
            builder.AddRetry(new RetryStrategyOptions<PaymentOutcome>
            {
                MaxRetryAttempts = settings.Retries,
                BackoffType = DelayBackoffType.Exponential,
                Delay = settings.RetryDelay,
                MaxDelay = RetryDelayMax,
                UseJitter = true,
                ShouldHandle = attempt => ValueTask.FromResult(
                    attempt.Outcome.Exception is TimeoutRejectedException or BrokenCircuitException
                    || (attempt.Outcome.Result.Kind == PaymentOutcomeKind.Unavailable && !(attempt.Outcome.Result.RetryAfter >= settings.Timeout))),
                DelayGenerator = attempt => ValueTask.FromResult(
                    attempt.Outcome.Exception is BrokenCircuitException broken ? broken.RetryAfter : attempt.Outcome.Exception is null ? attempt.Outcome.Result.RetryAfter : null),
            });
        }

        builder.AddCircuitBreaker(new CircuitBreakerStrategyOptions<PaymentOutcome>
        {
            FailureRatio = 0.9,
            MinimumThroughput = settings.CircuitAttempts,
            SamplingDuration = TimeSpan.FromSeconds(10),
            BreakDuration = settings.CircuitBreak,
            ShouldHandle = attempt => ValueTask.FromResult(
                attempt.Outcome.Exception is TimeoutRejectedException
                || attempt.Outcome.Result is { Kind: PaymentOutcomeKind.Unavailable, Throttled: false }),
            OnOpened = opened =>
            {
                logger.LogWarning("The payment provider fails: no calls for {Seconds} s ({Reason})", opened.BreakDuration.TotalSeconds,
                    opened.Outcome.Exception?.Message ?? opened.Outcome.Result.Reason);
                return default;
            },
            OnClosed = _ =>
            {
                logger.LogInformation("The payment provider answers again");
                return default;
            },
        });
        builder.AddTimeout(settings.AttemptTimeout);
        return builder.Build();
    }
}
