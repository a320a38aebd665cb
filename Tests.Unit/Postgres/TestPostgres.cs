using Harness.Postgres;

namespace Tests.Unit.Postgres;

/// <summary>The test process's one PostgreSQL. Fixtures that need it are skipped, with the reason, where none can be had.</summary>
internal static class TestPostgres
{
    private static readonly SharedPostgres Shared = new();

    public static async Task<PostgresDatabase> DatabaseAsync(string hint) => await OrSkipAsync(() => Shared.DatabaseAsync(hint));

    public static async Task<PostgresServer> PrivateServerAsync(PostgresOptions? options = null) => await OrSkipAsync(() => PostgresServer.StartAsync(options));

    public static ValueTask DisposeAsync() => Shared.DisposeAsync();

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
