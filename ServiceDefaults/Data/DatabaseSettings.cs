using Npgsql;
using Processes;
using ServiceDefaults.Settings;

namespace ServiceDefaults.Data;

/// <summary>Where a service's PostgreSQL is and how hard it may be used.</summary>
public sealed record DatabaseSettings
{
    /// <summary>The connection string as Npgsql takes it, complete but for the host that <see cref="DataSource"/> replaces.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>The longest a readiness check waits for the database.</summary>
    public required TimeSpan ReadinessTimeout { get; init; }

    /// <summary>
    /// Reads <c>DATABASE</c> (a connection string with at least Host, Database, Username), <c>DATABASE_PASSWORD</c> (so that a Secret holds
    /// nothing but the password) and the limits <c>DATABASE_POOL_MIN</c>, <c>DATABASE_POOL_MAX</c> (connections),
    /// <c>DATABASE_CONNECT_TIMEOUT_SECONDS</c>, <c>DATABASE_COMMAND_TIMEOUT_SECONDS</c>, <c>READINESS_TIMEOUT_SECONDS</c>.
    /// </summary>
    /// <remarks>Faults never repeat the connection string: it may hold a password.</remarks>
    public static DatabaseSettings Read(SettingsReader settings)
    {
        const string right = "a connection string such as 'Host=postgres;Port=5432;Database=payments;Username=payments'";
        var text = settings.Required("DATABASE", right);
        var password = settings.Optional("DATABASE_PASSWORD");
        var poolMax = settings.Integer("DATABASE_POOL_MAX", 16, 1, 1000);
        var poolMin = settings.Integer("DATABASE_POOL_MIN", 0, 0, 1000);
        var connect = settings.Integer("DATABASE_CONNECT_TIMEOUT_SECONDS", 3, 1, 300);
        var command = settings.Integer("DATABASE_COMMAND_TIMEOUT_SECONDS", 10, 1, 3600);
        var readiness = settings.Seconds("READINESS_TIMEOUT_SECONDS", 0.8, 0.05, 30);
        if (poolMin > poolMax)
            settings.Fault("DATABASE_POOL_MIN", $"found {poolMin}", $"at most DATABASE_POOL_MAX, {poolMax}");

        var connection = new NpgsqlConnectionStringBuilder();
        try
        {
            connection.ConnectionString = text;
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException)
        {
            settings.Fault("DATABASE", "found one that does not parse", right);
            text = "";
        }

        if (text.Length > 0)
        {
            if (string.IsNullOrEmpty(connection.Host))
                settings.Fault("DATABASE", "found one without Host", right);
            else if (connection.Host.Contains(',', StringComparison.Ordinal))
                settings.Fault("DATABASE", "found one with several hosts", right);
            if (string.IsNullOrEmpty(connection.Database))
                settings.Fault("DATABASE", "found one without Database", right);
            if (string.IsNullOrEmpty(connection.Username))
                settings.Fault("DATABASE", "found one without Username", right);
        }

        if (password is not null)
            connection.Password = password;
        connection.MinPoolSize = Math.Min(poolMin, poolMax);
        connection.MaxPoolSize = poolMax;
        connection.Timeout = connect;
        connection.CommandTimeout = command;

        // What Npgsql would otherwise take from the machine's environment (PGTZ, PGCLIENTENCODING, PGOPTIONS; PGPASSWORD and ~/.pgpass, see
        // DataSource) is said here, for each process alone.
        connection.Timezone = "UTC";
        connection.ClientEncoding = "UTF8";
        // Every join of these services is of a batch with a table by its key, which never pays by reading the whole table: a planner whose
        // statistics are an hour old, or that takes the disk for a turning one, thinks otherwise.
        if (string.IsNullOrEmpty(connection.Options))
            connection.Options = "-c idle_in_transaction_session_timeout=60000 -c random_page_cost=1.1 -c enable_hashjoin=off -c enable_mergejoin=off";

        // No GSS negotiation at each connection.
        connection.GssEncryptionMode = GssEncryptionMode.Disable;
        if (!connection.ContainsKey("Max Auto Prepare"))
        {
            connection.MaxAutoPrepare = 32;
            connection.AutoPrepareMinUsages = 2;
        }

        connection.IncludeErrorDetail = false;
        return new DatabaseSettings { ConnectionString = connection.ConnectionString, ReadinessTimeout = readiness };
    }

    /// <summary>
    /// The data source of <paramref name="process"/>. Where the process's network offers a directory for the database's host (a pod on the
    /// simulated cluster), it takes the host's place; it is asked once, here.
    /// </summary>
    public NpgsqlDataSource DataSource(ServiceProcess process, string application)
    {
        var connection = new NpgsqlConnectionStringBuilder(ConnectionString) { ApplicationName = application };
        var directory = process.Network.SocketDirectory(connection.Host!, connection.Port);
        if (directory is not null)
        {
            connection.Host = directory;
            connection.SslMode = SslMode.Disable;
        }

        var builder = new NpgsqlSlimDataSourceBuilder(connection.ConnectionString);
        builder.EnableArrays();
        if (string.IsNullOrEmpty(connection.Password))
            builder.UsePasswordProvider(_ => "", (_, _) => ValueTask.FromResult(""));

        // Built-in types and their arrays are known; reading pg_type would cost each replica some milliseconds at its first connection.
        builder.ConfigureTypeLoading(types => types.EnableTypeLoading(false));
        if (directory is null && connection.SslMode != SslMode.Disable)
            builder.EnableTransportSecurity();
        return builder.Build();
    }
}
