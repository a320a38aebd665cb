using System.Net.Sockets;
using Npgsql;

namespace ServiceDefaults.Data;

/// <summary>
/// A pool notices that a connection is dead (its server has restarted, something between has dropped it) only when it is used. Whoever gets it
/// should not have to pay for that.
/// </summary>
public static class LostConnections
{
    /// <summary>
    /// Asks the database, and once more where the connection was lost meanwhile. Npgsql has emptied the pool by then, so the second time is on
    /// a fresh one. For whatever may be done twice: the first time may have been carried out.
    /// </summary>
    /// <remarks>A time-out is not asked again: its caller has waited long enough.</remarks>
    public static async Task<T> OnLivingConnectionAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellation)
    {
        try
        {
            return await ask(cancellation);
        }
        catch (NpgsqlException fault) when (IsLost(fault) && !cancellation.IsCancellationRequested)
        {
            return await ask(cancellation);
        }
    }

    /// <inheritdoc cref="OnLivingConnectionAsync{T}"/>
    public static Task OnLivingConnectionAsync(Func<CancellationToken, Task> ask, CancellationToken cancellation) => OnLivingConnectionAsync(
        async cancellation =>
        {
            await ask(cancellation);
            return true;
        }, cancellation);

    private static bool IsLost(NpgsqlException fault) => fault is PostgresException postgres
        ? postgres.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.IdleSessionTimeout
        : fault.InnerException is IOException or SocketException;
}
