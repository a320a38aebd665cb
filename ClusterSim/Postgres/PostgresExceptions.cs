namespace ClusterSim.Postgres;

/// <summary>No PostgreSQL can be had on this machine; the message lists where it was looked for and how to get one.</summary>
public sealed class PostgresNotFoundException(string message) : Exception(message);

/// <summary>A PostgreSQL server did not start, stop or obey; the message holds what it said.</summary>
public sealed class PostgresServerException(string message, Exception? inner = null) : Exception(message, inner);
