namespace ClusterSim.Postgres;

/// <summary>A database with a role of its own, on whichever server: one of this machine, or one in a container. Dropped when disposed.</summary>
public interface IPostgresDatabase : IAsyncDisposable
{
    /// <summary>Its name, its owner's, and its owner's password.</summary>
    string Name { get; }

    /// <summary>How the owner connects.</summary>
    string ConnectionString { get; }

    /// <summary>How the server's superuser connects to it.</summary>
    string SuperuserConnectionString { get; }
}
