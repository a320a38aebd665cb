using System.Collections.Concurrent;

namespace ClusterSim.Postgres;

/// <summary>
/// Leads the sessions of simulated database pods to other databases of the server than their own, so that a running system can be given a
/// fresh one. Who is connected stays where he is until <see cref="Cut"/>.
/// </summary>
public sealed class PostgresSwitch : IDisposable
{
    private readonly ConcurrentDictionary<string, string> _leads = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, PodDatabase> _known = new(StringComparer.Ordinal);
    private CancellationTokenSource _sessions = new();

    /// <summary>The databases that pods have of their own, by what the pods call them (POSTGRES_DB).</summary>
    public IReadOnlyDictionary<string, PodDatabase> Known => _known;

    /// <summary>Fires when the sessions of this moment are to end.</summary>
    internal CancellationToken Sessions => Volatile.Read(ref _sessions).Token;

    /// <summary>Leads sessions to come elsewhere.</summary>
    /// <param name="name">What pods call their database.</param>
    /// <param name="to">The server's name of another.</param>
    public void Lead(string name, string to) => _leads[name] = to;

    /// <summary>Ends every session, as a server does that goes down.</summary>
    public void Cut()
    {
        using var sessions = Interlocked.Exchange(ref _sessions, new CancellationTokenSource());
        sessions.Cancel();
    }

    /// <inheritdoc/>
    public void Dispose() => _sessions.Dispose();

    internal void Know(string name, PodDatabase database) => _known[name] = database;

    internal string Lead(string name) => _leads.TryGetValue(name, out var to) ? to : _known[name].Name;
}

/// <summary>A pod's own database.</summary>
/// <param name="Name">The server's name of it.</param>
/// <param name="Owner">The server's name of its owner's role.</param>
public sealed record PodDatabase(string Name, string Owner);
