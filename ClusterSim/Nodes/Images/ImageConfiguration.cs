namespace ClusterSim.Nodes.Images;

/// <summary>The configuration of a container image, as far as the simulator acts on it (the OCI image configuration).</summary>
public sealed record ImageConfiguration
{
    /// <summary>The Dockerfile's USER: empty, a number, <c>uid:gid</c>, or a name. <c>runAsNonRoot</c> checks it.</summary>
    public string User { get; init; } = "";

    /// <summary>ENTRYPOINT.</summary>
    public IReadOnlyList<string> Entrypoint { get; init; } = [];

    /// <summary>CMD.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>ENV.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>EXPOSE: ports for TCP.</summary>
    public IReadOnlyList<int> ExposedPorts { get; init; } = [];

    /// <summary>WORKDIR.</summary>
    public string WorkingDirectory { get; init; } = "/";

    /// <summary>STOPSIGNAL; informational.</summary>
    public string StopSignal { get; init; } = "SIGTERM";
}
