using ClusterSim.Postgres;

namespace Tests.Contract.Provider;

/// <summary>The test process's one PostgreSQL; fixtures that need it are skipped, with the reason, where none can be had.</summary>
internal static class ContractPostgres
{
    public static TestDatabases Shared { get; } = new();

    public static async Task<ProviderUnderTest> ProviderOrSkipAsync()
    {
        try
        {
            return await ProviderUnderTest.StartAsync(Shared);
        }
        catch (PostgresNotFoundException missing)
        {
            Assert.Ignore(missing.Message);
            throw;
        }
    }
}
