using Npgsql;

namespace ServiceDefaults.Http;

/// <summary>Which faults of Npgsql mean that the database is away (and may come back) rather than that a statement is wrong.</summary>
public static class DatabaseFaults
{
    /// <summary>
    /// True for lost and refused connections, time-outs, an exhausted pool, a server that starts or stops, a schema or database that is not
    /// there (yet), and a log-in that fails (roles are made by whoever makes the database).
    /// </summary>
    public static bool IsUnavailable(Exception fault) => fault switch
    {
        PostgresException postgres => postgres.IsTransient
            || postgres.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidCatalogName
            || postgres.SqlState.StartsWith("28", StringComparison.Ordinal) || postgres.SqlState.StartsWith("57P", StringComparison.Ordinal),
        NpgsqlException npgsql => npgsql.IsTransient || npgsql.InnerException is IOException or TimeoutException or System.Net.Sockets.SocketException,
        TimeoutException => true,
        _ => false,
    };
}
