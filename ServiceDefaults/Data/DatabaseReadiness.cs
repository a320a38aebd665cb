using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace ServiceDefaults.Data;

/// <summary>
/// Whether the database can be used: reached, and migrated by this process or another. Migrates in the background, so that a missing
/// database never holds up the start; tries again with back-off until it is there, and again should the schema vanish later.
/// </summary>
public sealed class DatabaseReadiness : BackgroundService
{
    private static readonly TimeSpan BackOffFirst = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BackOffMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LogInterval = TimeSpan.FromSeconds(30);

    private readonly NpgsqlDataSource _database;
    private readonly DatabaseSettings _settings;
    private readonly TimeProvider _clock;
    private readonly ILogger<DatabaseReadiness> _logger;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly Migrator _migrator;
    private readonly SemaphoreSlim _schemaLost = new(0, 1);
    private readonly TaskCompletionSource _firstTry = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _fault = "the database was not reached yet";

    internal DatabaseReadiness(
        NpgsqlDataSource database,
        DatabaseSettings settings,
        IReadOnlyList<Migration> migrations,
        TimeProvider clock,
        ILogger<DatabaseReadiness> logger,
        IHostApplicationLifetime lifetime)
    {
        (_database, _settings, _clock, _logger, _lifetime) = (database, settings, clock, logger, lifetime);
        _migrator = new Migrator(database, migrations, logger);
    }

    /// <summary>What ended the process for good: a migration that must not have changed. <see langword="null"/> otherwise.</summary>
    public MigrationChangedException? Fatal { get; private set; }

    /// <summary>Asks the database now, within the readiness time-out.</summary>
    /// <returns><see langword="null"/> when ready, else why not, in words fit for a probe's answer.</returns>
    public async Task<string?> CheckAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_settings.ReadinessTimeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        // Asked while the first try is under way, it waits for what comes of it: "not yet" would cost the pod a whole probe period.
        await _firstTry.Task.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_fault is { } fault)
            return fault;
        try
        {
            await LostConnections.OnLivingConnectionAsync(async cancellation =>
            {
                await using var command = _database.CreateCommand("SELECT 1 FROM migrations LIMIT 1");
                return await command.ExecuteScalarAsync(cancellation);
            }, either.Token);
            return null;
        }
        catch (PostgresException lost) when (lost.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            SchemaLost();
            return "the database has lost its schema";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"the database did not answer within {_settings.ReadinessTimeout.TotalSeconds} s";
        }
        catch (NpgsqlException away)
        {
            return Reason(away);
        }
    }

    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031", Justification = "whatever is wrong with the database, the process stays and tries again")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Leaves the caller at once: the host's start waits for nothing here.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var backOff = BackOffFirst;
        var logged = (Reason: "", At: 0L);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await _migrator.ApplyAsync(stoppingToken);
                _fault = null;
                _firstTry.TrySetResult();
                _logger.LogInformation("The database is ready");
                (backOff, logged) = (BackOffFirst, ("", 0));
                await _schemaLost.WaitAsync(stoppingToken);
                _logger.LogWarning("The database has lost its schema; migrating again");
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (MigrationChangedException changed)
            {
                _fault = changed.Message;
                Fatal = changed;
                _logger.LogCritical("{Reason}", changed.Message);
                _lifetime.StopApplication();
                return;
            }
            catch (Exception fault)
            {
                var reason = Reason(fault);
                _fault = reason;
                _firstTry.TrySetResult();
                if (reason != logged.Reason || _clock.GetElapsedTime(logged.At) > LogInterval)
                {
                    logged = (reason, _clock.GetTimestamp());
                    _logger.LogWarning("The database cannot be used: {Reason}; trying again", reason);
                }

                try
                {
                    await Task.Delay(backOff, _clock, stoppingToken);
                }
                catch (OperationCanceledException)
                {
                    return;
                }

                backOff = backOff * 2 < BackOffMax ? backOff * 2 : BackOffMax;
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _schemaLost.Dispose();
    }

    private void SchemaLost()
    {
        _fault = "the database has lost its schema";
        try
        {
            _schemaLost.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody else has noticed already.
        }
    }

    private static string Reason(Exception fault) => fault switch
    {
        PostgresException postgres => $"PostgreSQL says {postgres.SqlState}: {postgres.MessageText}",
        { InnerException: { } inner } => $"{fault.Message}: {inner.Message}",
        _ => fault.Message,
    };
}
