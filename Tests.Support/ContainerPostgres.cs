using System.Globalization;
using ClusterSim.Postgres;
using Npgsql;
using Testcontainers.PostgreSql;

namespace Tests.Support;

/// <summary>PostgreSQL in a container, as Testcontainers runs it: one for a test process, with a database for each who asks.</summary>
public sealed class ContainerPostgres : IAsyncDisposable
{
    /// <summary>The image where TEST_POSTGRES_IMAGE names no other, such as a mirror's: the manifests' own.</summary>
    public const string DefaultImage = "postgres:18.1-alpine";

    private readonly PostgreSqlContainer _container;
    private int _count;

    private ContainerPostgres(PostgreSqlContainer container) => _container = container;

    /// <summary>Starts it, and waits until it takes connections.</summary>
    public static async Task<ContainerPostgres> StartAsync()
    {
        var image = Environment.GetEnvironmentVariable("TEST_POSTGRES_IMAGE") is { Length: > 0 } named ? named : DefaultImage;
        var container = new PostgreSqlBuilder(image).WithPassword("tests").Build();
        try
        {
            await container.StartAsync();
            return new ContainerPostgres(container);
        }
        catch
        {
            await container.DisposeAsync();
            throw;
        }
    }

    /// <summary>A fresh, empty database with a role of its own that owns it.</summary>
    public async Task<IPostgresDatabase> DatabaseAsync(string hint)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{hint}_{Interlocked.Increment(ref _count)}");
        await ExecuteAsync($"CREATE ROLE \"{name}\" LOGIN PASSWORD '{name}'");
        await ExecuteAsync($"CREATE DATABASE \"{name}\" OWNER \"{name}\"");
        return new Database(this, name);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _container.DisposeAsync();

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(_container.GetConnectionString() + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private sealed class Database(ContainerPostgres postgres, string name) : IPostgresDatabase
    {
        public string Name => name;

        public string ConnectionString => With(name, name);

        public string SuperuserConnectionString => new NpgsqlConnectionStringBuilder(postgres._container.GetConnectionString()) { Database = name }.ConnectionString;

        public async ValueTask DisposeAsync() => await postgres.ExecuteAsync($"DROP DATABASE IF EXISTS \"{name}\" WITH (FORCE)");

        private string With(string user, string password) =>
            new NpgsqlConnectionStringBuilder(postgres._container.GetConnectionString()) { Database = name, Username = user, Password = password }.ConnectionString;
    }
}
