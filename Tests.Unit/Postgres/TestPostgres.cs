using ClusterSim.Postgres;

namespace Tests.Unit.Postgres;

/// <summary>The test process's one PostgreSQL. Fixtures that need it are skipped, with the reason, where none can be had.</summary>
internal static class TestPostgres
{
    private static readonly TestDatabases Databases = new();

    public static async Task<IPostgresDatabase> DatabaseAsync(string hint) => await OrSkipAsync(() => Databases.DatabaseAsync(hint));

    /// <summary>One on this machine's own server, for what asks more of it than a connection.</summary>
    public static async Task<PostgresDatabase> LocalDatabaseAsync(string hint) => await OrSkipAsync(() => Databases.Local.DatabaseAsync(hint));

    public static async Task<PostgresServer> PrivateServerAsync(PostgresOptions? options = null) => await OrSkipAsync(() => PostgresServer.StartAsync(options));

    public static ValueTask DisposeAsync() => Databases.DisposeAsync();

    private static async Task<T> OrSkipAsync<T>(Func<Task<T>> start)
    {
        try
        {
            return await start();
        }
        catch (PostgresNotFoundException missing)
        {
            Assert.Ignore(missing.Message);
            throw;
        }
    }
}
