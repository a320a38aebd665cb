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
    private readonly TaskCompletionSource _decided = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _telling = new();
    private volatile string? _fault = "the database was not reached yet";
    private (string Reason, long At) _told = ("", 0);

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
        // Asked before the database was there for the first time, it waits for that as long as it may: "not yet" would cost the pod a whole
        // probe period, and databases often come up beside those who want them.
        await _decided.Task.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_fault is { } fault)
            return fault;
        try
        {
            await LostConnections.OnLivingConnectionAsync(async cancellation =>
            {
                await using var command = _database.CreateCommand("SELECT 1 FROM migrations LIMIT 1");
                return await command.ExecuteScalarAsync(cancellation);
            }, either.Token);
            TellItIsBack();
            return null;
        }
        catch (PostgresException lost) when (lost.SqlState == PostgresErrorCodes.UndefinedTable)
        {
            SchemaLost();
            return "the database has lost its schema";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Tell($"the database did not answer within {_settings.ReadinessTimeout.TotalSeconds} s");
        }
        catch (NpgsqlException away)
        {
            return Tell($"the database cannot be used: {Reason(away)}");
        }
    }

    /// <inheritdoc/>
    [SuppressMessage("Design", "CA1031", Justification = "whatever is wrong with the database, the process stays and tries again")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Leaves the caller at once: the host's start waits for nothing here.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var backOff = BackOffFirst;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await _migrator.ApplyAsync(stoppingToken);
                _fault = null;
                _decided.TrySetResult();
                lock (_telling)
                    _told = ("", 0);
                _logger.LogInformation("The database is ready");
                backOff = BackOffFirst;
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
                _decided.TrySetResult();
                _logger.LogCritical("{Reason}", changed.Message);
                _lifetime.StopApplication();
                return;
            }
            catch (Exception fault)
            {
                _fault = Tell($"the database cannot be used: {Reason(fault)}");

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

    /// <summary>Logs why the database cannot be used: once when that begins or another reason comes up, then now and again while it lasts.</summary>
    private string Tell(string reason)
    {
        lock (_telling)
        {
            if (reason == _told.Reason && _clock.GetElapsedTime(_told.At) <= LogInterval)
                return reason;
            _told = (reason, _clock.GetTimestamp());
        }

        _logger.LogWarning("Not ready: {Reason}; trying again", reason);
        return reason;
    }

    private void TellItIsBack()
    {
        lock (_telling)
        {
            if (_told.Reason.Length == 0)
                return;
            _told = ("", 0);
        }

        _logger.LogInformation("The database is ready again");
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
        { InnerException: { } inner } => $"{fault.Message}: {inner.Message.TrimEnd('.')}",
        _ => fault.Message.TrimEnd('.'),
    };
}
