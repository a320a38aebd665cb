using ClusterSim.Postgres;

namespace Tests.Cluster;

/// <summary>The run's PostgreSQL server: one for all clusters, each with databases of its own.</summary>
[SetUpFixture]
public sealed class TestPostgres
{
    /// <summary>Started with the first cluster that needs it.</summary>
    public static SharedPostgres Shared { get; } = new();

    [OneTimeTearDown]
    public async Task StopAsync() => await Shared.DisposeAsync();
}
