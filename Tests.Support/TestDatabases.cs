using ClusterSim.Postgres;

namespace Tests.Support;

/// <summary>
/// Databases for a test process: from PostgreSQL in a container where a Docker engine is, else from this machine's own server.
/// <c>TEST_POSTGRES=local</c> never asks an engine; <c>TEST_POSTGRES=docker</c> fails where none gives one.
/// </summary>
public sealed class TestDatabases : IAsyncDisposable
{
    private readonly Lazy<Task<ContainerPostgres?>> _container = new(ContainerAsync);

    /// <summary>This machine's own server, whatever the other databases come from.</summary>
    public SharedPostgres Local { get; } = new();

    /// <summary>A fresh, empty database with a role of its own that owns it.</summary>
    /// <param name="hint">A word for the name: lower-case letters, digits, underscores.</param>
    /// <exception cref="PostgresNotFoundException">Neither a Docker engine nor a PostgreSQL on this machine.</exception>
    public async Task<IPostgresDatabase> DatabaseAsync(string hint) =>
        await _container.Value is { } container ? await container.DatabaseAsync(hint) : await Local.DatabaseAsync(hint);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_container is { IsValueCreated: true, Value.IsCompletedSuccessfully: true } && await _container.Value is { } container)
            await container.DisposeAsync();
        await Local.DisposeAsync();
    }

    private static async Task<ContainerPostgres?> ContainerAsync()
    {
        var wanted = Environment.GetEnvironmentVariable("TEST_POSTGRES");
        if (wanted == "local" || (wanted != "docker" && !EngineMayAnswer))
            return null;
        try
        {
            return await ContainerPostgres.StartAsync();
        }
        catch (Exception none) when (wanted != "docker")
        {
            // Whatever is wrong with that engine (no answer, no such image, no stand-in for it), the tests are not about it.
            await TestContext.Progress.WriteLineAsync($"databases come from this machine's PostgreSQL: no container with one could be started: {none.Message}");
            return null;
        }
    }

    // Cheaper than asking: most machines without an engine have no socket of one.
    private static bool EngineMayAnswer =>
        Environment.GetEnvironmentVariable("DOCKER_HOST") is { Length: > 0 }
        || File.Exists("/var/run/docker.sock")
        || File.Exists(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".docker/run/docker.sock"));
}
