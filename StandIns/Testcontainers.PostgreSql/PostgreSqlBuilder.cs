namespace Testcontainers.PostgreSql;

/// <summary>The package's builder, by its signatures: it needs a Docker engine and the package itself, and says so.</summary>
public sealed class PostgreSqlBuilder
{
    /// <summary>Always refuses.</summary>
    /// <param name="image">The image of PostgreSQL.</param>
    /// <exception cref="NotSupportedException">Always.</exception>
    public PostgreSqlBuilder(string image) => throw StandIn.Lacks("PostgreSqlBuilder");

    /// <summary>The superuser's password.</summary>
    public PostgreSqlBuilder WithPassword(string password) => throw StandIn.Lacks();

    /// <summary>The container, not started.</summary>
    public PostgreSqlContainer Build() => throw StandIn.Lacks();
}

/// <summary>The package's container, by its signatures. None is ever made here.</summary>
public sealed class PostgreSqlContainer : IAsyncDisposable
{
    internal PostgreSqlContainer()
    {
    }

    /// <summary>Starts it, and waits until it takes connections.</summary>
    public Task StartAsync(CancellationToken ct = default) => throw StandIn.Lacks();

    /// <summary>How the superuser connects.</summary>
    public string GetConnectionString() => throw StandIn.Lacks();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
