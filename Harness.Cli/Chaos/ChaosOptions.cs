using ClusterSim.Nodes.Images;

namespace Harness.Chaos;

/// <summary>How the paying system is run for chaos.</summary>
public sealed record ChaosOptions
{
    /// <summary>The repository's root: where the manifests and the Dockerfiles are.</summary>
    public required string Root { get; init; }

    /// <summary>Replaces images, so that a system with a defect can be searched; null: the services as they are built with this program.</summary>
    public Action<ImageStore>? Images { get; init; }

    /// <summary>Systems beside each other, each a cluster and a PostgreSQL server of its own. Runs mostly wait, so several fit a processor.</summary>
    public int Systems { get; init; } = 4;

    /// <summary>Leaves the databases of failed runs, and the systems until a key is pressed.</summary>
    public bool Keep { get; init; }

    /// <summary>Whether waits are as short as runs need them; else everything is as the manifests say.</summary>
    public bool IsHastened { get; init; } = true;

    /// <summary>Whether commits survive a power cut, as they do in production; schedules need them to survive the server alone.</summary>
    public bool IsDurable { get; init; }

    /// <summary>Time.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
