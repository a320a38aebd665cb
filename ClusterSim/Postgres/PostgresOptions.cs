namespace ClusterSim.Postgres;

/// <summary>How a PostgreSQL server is to run.</summary>
public sealed record PostgresOptions
{
    /// <summary>Where the programs are; <see langword="null"/>: <see cref="PostgresBinaries.FindAsync"/> looks.</summary>
    public PostgresBinaries? Binaries { get; init; }

    /// <summary>
    /// Where data is kept beyond the server's life, an absolute path that the server's user can reach (<see cref="ServerUser.DirectoryFor"/>);
    /// <see langword="null"/>: in a fresh directory that goes when the server does.
    /// </summary>
    public string? DataDirectory { get; init; }

    /// <summary>Whether a commit survives a power cut. <see langword="null"/>: yes for kept data, no for data that goes anyway.</summary>
    public bool? Durable { get; init; }

    /// <summary>A port of 127.0.0.1 to listen on, beside the Unix socket; <see langword="null"/>: the socket only.</summary>
    public int? TcpPort { get; init; }

    /// <summary>Connections at most.</summary>
    public int ConnectionsMax { get; init; } = 300;

    /// <summary>How long a start may take, a recovery after a crash included.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Further settings as in postgresql.conf; they win.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
