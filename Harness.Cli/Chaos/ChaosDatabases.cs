using System.Data.Common;
using ClusterSim.Postgres;

namespace Harness.Chaos;

/// <summary>
/// The PostgreSQL server of a system, and the databases of its runs: each run gets clones of the databases that the services migrated at the
/// start, and the pods are led to the clones.
/// </summary>
internal sealed class ChaosDatabases : IAsyncDisposable
{
    private readonly IChaosScenario _scenario;
    private readonly List<string> _old = [];
    private IReadOnlyList<string> _current = [];
    private Task _dropping = Task.CompletedTask;

    private ChaosDatabases(PostgresServer server, IChaosScenario scenario) => (Server, _scenario) = (server, scenario);

    /// <summary>The server.</summary>
    public PostgresServer Server { get; }

    /// <summary>Leads the sessions of database pods to the clones.</summary>
    public PostgresSwitch Switch { get; } = new();

    /// <summary>The server's names of the databases that pods own, by the names that the pods use.</summary>
    public IReadOnlyDictionary<string, string> Names => Switch.Known.ToDictionary(known => known.Key, known => known.Value.Name, StringComparer.Ordinal);

    /// <summary>Starts the server.</summary>
    public static async Task<ChaosDatabases?> StartAsync(IChaosScenario scenario, bool isDurable, CancellationToken cancellation)
    {
        // Nothing outlives the machine, but what is committed has to outlive the server, which schedules kill.
        var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["synchronous_commit"] = "on" };
        return new ChaosDatabases(await PostgresServer.StartAsync(new PostgresOptions { Durable = isDurable, Settings = settings }, cancellation), scenario);
    }

    /// <summary>Clones the databases for a run and leads the pods to the clones.</summary>
    public async Task RenewAsync(long run, CancellationToken cancellation)
    {
        await _dropping;
        if (run == 1)
        {
            // A database that has sessions cannot be cloned.
            foreach (var name in Switch.Known.Keys)
                Switch.Lead(name, "none_yet");
            Switch.Cut();
        }
        var clones = new List<string>();
        foreach (var (name, own) in Switch.Known)
        {
            var clone = CloneOf(name, run);
            await Server.CreateDatabaseAsync(clone, own.Owner, own.Name, cancellation);
            clones.Add(clone);
            if (_scenario.RenewalSql(name, run) is { } sql)
                await Server.ExecuteInAsync(clone, sql, cancellation);
        }
        foreach (var name in Switch.Known.Keys)
            Switch.Lead(name, CloneOf(name, run));
        Switch.Cut();
        _old.AddRange(_current);
        _current = clones;
    }

    /// <summary>Starts to drop the clones of earlier runs; the pods have left them.</summary>
    public void DropOld()
    {
        var old = _old.ToList();
        _old.Clear();
        _dropping = DropAsync(old);
    }

    /// <summary>Keeps the clones of the run when the next begins.</summary>
    /// <returns>Their connection strings.</returns>
    public IReadOnlyList<string> Keep()
    {
        var kept = _current.Select(name => Server.ConnectionString(name)).ToList();
        _current = [];
        return kept;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _dropping;
        await Server.DisposeAsync();
        Switch.Dispose();
    }

    private static string CloneOf(string name, long run) => $"run_{run}_{name}";

    private async Task DropAsync(IReadOnlyList<string> databases)
    {
        try
        {
            foreach (var database in databases)
                await Server.DropDatabaseAsync(database);
        }
        catch (DbException)
        {
            // The server is going down, and its data with it.
        }
    }
}
