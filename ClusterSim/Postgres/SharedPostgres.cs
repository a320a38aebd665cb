using System.Globalization;

namespace ClusterSim.Postgres;

/// <summary>
/// One server for many users of one process (test fixtures, clusters), each with databases of its own. The server starts with the first.
/// </summary>
public sealed class SharedPostgres(PostgresOptions? options = null) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private Task<PostgresServer>? _server;
    private int _count;

    /// <summary>The server; started once, and failed once for all.</summary>
    /// <exception cref="PostgresNotFoundException">No PostgreSQL on this machine.</exception>
    public Task<PostgresServer> ServerAsync()
    {
        lock (_lock)
            return _server ??= Task.Run(() => PostgresServer.StartAsync(options));
    }

    /// <summary>A fresh, empty database with a role of its own that owns it.</summary>
    /// <param name="hint">A word for the name, so that the server's log can be read: lower-case letters, digits, underscores.</param>
    /// <param name="template">A database to copy instead of an empty one; nobody may be connected to it.</param>
    public async Task<PostgresDatabase> DatabaseAsync(string hint, string template = "template1")
    {
        var server = await ServerAsync();
        var name = string.Create(CultureInfo.InvariantCulture, $"{hint}_{Interlocked.Increment(ref _count)}");
        await server.CreateRoleAsync(name, name);
        await server.CreateDatabaseAsync(name, name, template);
        return new PostgresDatabase(server, name);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is { IsCompletedSuccessfully: true } started)
            await (await started).DisposeAsync();
    }
}

/// <summary>A database and the role of the same name that owns it; dropped when disposed.</summary>
public sealed class PostgresDatabase(PostgresServer server, string name) : IPostgresDatabase
{
    /// <summary>The server it is on.</summary>
    public PostgresServer Server { get; } = server;

    /// <inheritdoc/>
    public string Name { get; } = name;

    /// <inheritdoc/>
    public string ConnectionString => Server.ConnectionString(Name, Name, Name);

    /// <inheritdoc/>
    public string SuperuserConnectionString => Server.ConnectionString(Name);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await Server.DropDatabaseAsync(Name);
}
