using ClusterSim.Nodes.Images;

namespace Harness.Chaos;

/// <summary>How the systems of <c>harness chaos</c> are set up.</summary>
public sealed record ChaosOptions
{
    /// <summary>The name under which schedules stop the PostgreSQL server.</summary>
    public const string PostgresName = "postgres";

    /// <summary>The load and its check.</summary>
    public required IChaosScenario Scenario { get; init; }

    /// <summary>The folder of the kustomization that is applied.</summary>
    public required string Kustomization { get; init; }

    /// <summary>Adds the services' images to a cluster.</summary>
    public required Action<ImageStore> Images { get; init; }

    /// <summary>The image that a real PostgreSQL server stands behind; null: none.</summary>
    public string? PostgresImage { get; init; }

    /// <summary>The number of systems, each a cluster and a PostgreSQL server of its own. Runs mostly wait, so several fit a processor.</summary>
    public int Systems { get; init; } = 4;

    /// <summary>Whether the databases of failed runs, and their systems, are kept until the search is disposed.</summary>
    public bool Keep { get; init; }

    /// <summary>Whether the scenario changes the manifests (<see cref="IChaosScenario.Configure"/>); otherwise everything is as they say.</summary>
    public bool IsHastened { get; init; } = true;

    /// <summary>Whether commits survive a power cut, as in production; schedules need them to survive the server alone.</summary>
    public bool IsDurable { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The servers that schedules can stop.</summary>
    public IReadOnlyList<string> Servers => PostgresImage is null ? [] : [PostgresName];
}
