using System.Diagnostics.CodeAnalysis;
using Processes;

namespace ClusterSim.Nodes;

/// <summary>What a container image says of itself, as far as the simulator acts on it: the OCI image configuration.</summary>
public sealed record ImageConfiguration
{
    /// <summary>The Dockerfile's USER: empty, a number, <c>uid:gid</c>, or a name. Decides what <c>runAsNonRoot</c> says.</summary>
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

/// <summary>An image a simulated node can run: a configuration and the programs in it.</summary>
public abstract class Image
{
    /// <summary>What the image says of itself.</summary>
    public abstract ImageConfiguration Configuration { get; }

    /// <summary>A digest that changes whenever the content does, as <c>sha256:…</c>; becomes the container's imageID.</summary>
    public abstract string Digest { get; }

    /// <summary>
    /// Whether this image has a program of that name (<c>sh</c>, <c>/bin/sh</c>, <c>pg_isready</c>…, or its entry point). What it lacks,
    /// exec and <c>command</c> cannot run: <c>exec: "sh": executable file not found in $PATH</c>.
    /// </summary>
    public abstract bool TryFindProgram(string name, [NotNullWhen(true)] out ProgramMain? program);
}
